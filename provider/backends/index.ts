import type { Backend } from "./definition";

/**
 * The built-in backends by the name that a connection uses. Loaded one by one, when a connection
 * asks: a program that talks to one service pays for one.
 */
/* eslint-disable @typescript-eslint/no-require-imports -- the only way to load a module late and at once in CommonJS */
export const builtInBackends: Readonly<Record<string, () => Backend>> = {
  novavms: () => (require("./novavms") as typeof import("./novavms")).novavms,
  pulsely: () => (require("./pulsely") as typeof import("./pulsely")).pulsely,
};
