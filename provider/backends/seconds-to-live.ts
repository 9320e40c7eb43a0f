import { secondMs } from "../values/durations";
import { InputError } from "../errors";
import type { NewKey } from "./definition";

/**
 * The life of a new key in whole seconds, for services that count it from the request. Without `livesForMs` it uses the real
 * clock, even if APIKEYS_NOW is set: the service's clock ends the key.
 *
 * @returns undefined - the key was not asked to end.
 * @throws InputError - the end has passed.
 *
 * @example const days = Math.ceil((secondsToLive(key) ?? 0) / 86_400);
 */
export function secondsToLive(
  { expiresAt, livesForMs }: { readonly [Field in "expiresAt" | "livesForMs"]?: NewKey[Field] | undefined },
  nowMs = Date.now(),
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
