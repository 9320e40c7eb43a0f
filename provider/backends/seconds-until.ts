import { secondMs } from "../durations";
import { InputError } from "../errors";

/**
 * The end of a key, for services that count it in seconds from the request. Uses the real clock even if APIKEYS_NOW is set:
 * the service's clock ends the key.
 *
 * @throws InputError - the end is over.
 */
export function secondsUntil(expiresAt: string | undefined, nowMs: number): number | undefined {
  if (expiresAt === undefined) return undefined;
  const seconds = Math.floor((Date.parse(expiresAt) - nowMs) / secondMs);
  if (seconds < 1)
    throw new InputError(
      "expiresAt",
      `the key would end at ${expiresAt}, which is over by this machine's clock; nothing was sent.`,
    );
  return seconds;
}
