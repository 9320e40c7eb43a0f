/** Checks of a key's end and life. */
import { formatDuration, parseDuration } from "../../values/durations";
import { parseTime } from "../../values/times";
import { isUnknown } from "../../values/wire";
import type { CheckPoint, Failures } from "./failures";

/** A key's life: a duration longer than zero. */
export function checkLife(expiresIn: unknown, failures: Failures): void {
  if (expiresIn === undefined || isUnknown(expiresIn)) return;
  const ms = parseDuration(expiresIn);
  if (typeof ms !== "number") failures.add("expiresIn", `"expiresIn" ${ms.problem}`);
  if (ms === 0) failures.add("expiresIn", '"expiresIn" is zero; give the key a life, such as 90d');
}

/** A program gives an end only if the vendor requires or allows one. */
export function checkExpirySupport({ news: asked, facts: { capabilities, backend }, failures }: CheckPoint): void {
  const field = asked.expiresAt !== undefined ? "expiresAt" : asked.expiresIn !== undefined ? "expiresIn" : undefined;
  const { support, longestMs } = capabilities.expiry;
  const lifeMs = isUnknown(asked.expiresIn) ? undefined : parseDuration(asked.expiresIn);
  if (longestMs !== undefined && typeof lifeMs === "number" && lifeMs > longestMs)
    failures.add(
      "expiresIn",
      `"expiresIn" (${formatDuration(lifeMs)}) is over the longest life that ${backend} gives a key (${formatDuration(longestMs)}); shorten it`,
    );
  if (support === "none" && field)
    failures.add(field, `keys of ${backend} cannot expire; leave "${field}" out; RotatingApiKey limits their age`);
  if (support === "imposed" && field)
    failures.add(field, `${backend} sets the end of its keys by itself; leave "${field}" out`);
  if (support === "required" && !field)
    failures.add("expiresIn", `keys of ${backend} must expire; give "expiresIn", such as 90d`);
}

/** A time in milliseconds, or a failure. */
export function checkTime(field: string, value: unknown, failures: Failures): number | undefined {
  if (value === undefined || isUnknown(value)) return undefined;
  const ms = parseTime(value);
  if (typeof ms === "number") return ms;
  failures.add(field, `"${field}" ${ms.problem}`);
  return undefined;
}
