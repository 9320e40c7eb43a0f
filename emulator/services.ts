import { novavms } from "./novavms/novavms";
import { pulseapi } from "./pulseapi/pulseapi";
import { pulsely } from "./pulsely/pulsely";

/** The services of the emulator. To add one, add its folder and its name here. */
export const SERVICES = { pulsely, novavms, pulseapi };
