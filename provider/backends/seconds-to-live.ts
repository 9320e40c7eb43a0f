import { secondMs } from "../durations";
import { InputError } from "../errors";
import type { NewKey } from "./definition";

/**
 * The life of a new key, for services that count it in seconds from the request. Without `livesForMs` it uses the real
 * clock, even if APIKEYS_NOW is set: the service's clock ends the key.
 *
 * @throws InputError - the end has passed.
 */
export function secondsToLive(
  { expiresAt, livesForMs }: { readonly [Field in "expiresAt" | "livesForMs"]?: NewKey[Field] | undefined },
  nowMs: number,
): number | undefined {
  if (expiresAt === undefined) return undefined;
  const seconds = Math.floor((livesForMs ?? Date.parse(expiresAt) - nowMs) / secondMs);
  if (seconds < 1)
    throw new InputError(
      "expiresAt",
      `the key would end at ${expiresAt}, which is over by this machine's clock; nothing was sent.`,
    );
  return seconds;
}
