/** When a key ends: resolved at its issue, compared afterwards. All pure. */
import type { Capabilities } from "../backends/definition";
import { parseDuration } from "../durations";
import { formatTime, parseTime } from "../times";

/** What the user asked for: a time, a life, or neither. */
export interface AskedExpiry {
  readonly expiresAt?: string | undefined;
  readonly expiresIn?: string | undefined;
}

/** What the record knows of a key's end. */
export interface RecordedExpiry {
  readonly createdAt?: string | undefined;
  readonly expiresAt?: string | undefined;
  readonly expiresIn?: string | undefined;
  /** The service set the end by itself. */
  readonly expiryImposed?: boolean | undefined;
  /** The end that was agreed, where `read` has found another one on the service. */
  readonly agreedExpiresAt?: string | undefined;
}

/** The end of a key that is issued at `issuedAtMs`. Whole seconds, as RFC 3339 UTC. */
export function resolveExpiry(asked: AskedExpiry, issuedAtMs: number): string | undefined {
  if (asked.expiresAt !== undefined) return formatTime(Math.floor(millis(asked.expiresAt) / 1000) * 1000);
  if (asked.expiresIn === undefined) return undefined;
  return formatTime(Math.ceil((issuedAtMs + lifetimeMs(asked.expiresIn)) / 1000) * 1000);
}

/** What a plan has to do about the end of an existing key. */
export type ExpiryChange =
  | { readonly kind: "none" }
  /** `null` takes the expiry away. */
  | { readonly kind: "update"; readonly field: "expiresAt" | "expiresIn"; readonly expiresAt: string | null }
  /** `known: "outputs"` = the inputs alone do not show it. */
  | { readonly kind: "replace"; readonly field: "expiresAt" | "expiresIn"; readonly known: "inputs" | "outputs" };

export function compareExpiry(
  asked: AskedExpiry,
  recorded: RecordedExpiry,
  { expiry }: Capabilities,
  nowMs: number,
): ExpiryChange {
  const actual = recorded.expiresAt;
  const change = (field: "expiresAt" | "expiresIn", expiresAt: string | null): ExpiryChange =>
    expiry.update ? { kind: "update", field, expiresAt } : { kind: "replace", field, known: "inputs" };

  if (asked.expiresAt !== undefined) {
    const wanted = resolveExpiry(asked, nowMs) ?? null;
    return sameInstant(wanted, actual, expiry.granularityMs) ? { kind: "none" } : change("expiresAt", wanted);
  }
  if (asked.expiresIn !== undefined) {
    if (!sameLife(asked.expiresIn, recorded.expiresIn)) {
      const wanted =
        resolveExpiry(asked, recorded.createdAt === undefined ? nowMs : millis(recorded.createdAt)) ?? null;
      if (wanted !== null && millis(wanted) <= nowMs) return { kind: "replace", field: "expiresIn", known: "inputs" };
      return sameInstant(wanted, actual, expiry.granularityMs) ? { kind: "none" } : change("expiresIn", wanted);
    }
    const agreed = recorded.agreedExpiresAt ?? actual;
    if (agreed !== undefined && millis(agreed) <= nowMs)
      return { kind: "replace", field: "expiresAt", known: "outputs" };
    return recorded.agreedExpiresAt === undefined ? { kind: "none" } : change("expiresAt", recorded.agreedExpiresAt);
  }
  if (recorded.expiryImposed === true) {
    // Nobody asked for this end, so nobody has to come when it passes: the key is made anew.
    return actual !== undefined && millis(actual) <= nowMs
      ? { kind: "replace", field: "expiresAt", known: "outputs" }
      : { kind: "none" };
  }
  return actual === undefined
    ? { kind: "none" }
    : change(recorded.expiresIn === undefined ? "expiresAt" : "expiresIn", null);
}

/** Equal within the step in which the service keeps times. */
export function sameInstant(
  a: string | null | undefined,
  b: string | null | undefined,
  granularityMs: number,
): boolean {
  if (a === null || a === undefined || b === null || b === undefined) return (a ?? undefined) === (b ?? undefined);
  return Math.abs(millis(a) - millis(b)) < Math.max(granularityMs, 1_000);
}

/** `24h` and `1d` are the same life. */
export function sameLife(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || b === undefined ? a === b : lifetimeMs(a) === lifetimeMs(b);
}

/** A duration that `check` has accepted. */
export function lifetimeMs(duration: string): number {
  const ms = parseDuration(duration);
  return typeof ms === "number" ? ms : NaN;
}

function millis(time: string): number {
  const ms = parseTime(time);
  return typeof ms === "number" ? ms : NaN;
}
