import { ConfigError } from "./errors";
import { parseTime } from "./values/times";

/**
 * The clock of every *decision* (what is due, what has expired). `APIKEYS_NOW` sets it, so
 * `APIKEYS_NOW=2027-02-01T00:00:00Z pulumi preview` shows what will rotate by then. Deadlines and retries always use
 * the real clock.
 */
export function decisionTime(env: NodeJS.ProcessEnv = process.env): number {
  const text = env.APIKEYS_NOW;
  if (text === undefined || text === "") return Date.now();
  const ms = parseTime(text);
  if (typeof ms !== "number") throw new ConfigError(`The environment variable APIKEYS_NOW ${ms.problem}.`);
  return ms;
}

/** True if someone has set the clock. */
export function clockIsSet(env: NodeJS.ProcessEnv = process.env): boolean {
  return env.APIKEYS_NOW !== undefined && env.APIKEYS_NOW !== "";
}
