import { novavms } from "./novavms/novavms";
import { pulseapi } from "./pulseapi/pulseapi";
import { pulsely } from "./pulsely/pulsely";

/** The services that the emulator has. A new one is a folder of its own and its name here. */
export const SERVICES = { pulsely, novavms, pulseapi };
