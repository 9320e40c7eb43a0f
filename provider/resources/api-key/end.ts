/** What a change of a key's end asks for. An end is compared as time, not as text. Pure. */
import type { Capabilities } from "../../backends/definition";
import { hasPassed } from "../../values/times";
import { isUnknown } from "../../values/wire";
import { type AskedExpiry, millis, type RecordedExpiry, resolveExpiry, sameInstant, sameLife } from "../key/expiry";
import type { KeyComparison, PlannedChange } from "./change";

/** What to do about the end of an existing key. */
export type ExpiryChange =
  | { readonly kind: "none" }
  /** `null` takes the expiry away. */
  | { readonly kind: "update"; readonly field: "expiresAt" | "expiresIn"; readonly expiresAt: string | null }
  /** `known: "outputs"`: the inputs alone do not show it. */
  | { readonly kind: "replace"; readonly field: "expiresAt" | "expiresIn"; readonly known: "inputs" | "outputs" };

/** The end's part of a planned change. */
export function planEnd({ olds, news, facts, nowMs, leftAlone }: KeyComparison): PlannedChange {
  const none: PlannedChange = { replaces: [], updates: [], expiry: { kind: "none" }, knownFrom: "inputs" };
  const { expiry: rules } = facts.capabilities;
  const unknown = (["expiresAt", "expiresIn"] as const).find((field) => isUnknown(news[field]));
  if (unknown) return rules.update ? { ...none, updates: [unknown] } : { ...none, replaces: [unknown] };
  if (leftAlone && asksForSameEnd(news, olds)) return none;
  // A key that stays expired by the program's own date has nothing left to compare.
  const expiry: ExpiryChange =
    news.status === "expired" ? none.expiry : compareExpiry(news, olds, { expiry: rules, nowMs });
  switch (expiry.kind) {
    case "replace":
      return { ...none, replaces: [expiry.field], expiry, knownFrom: expiry.known };
    case "update":
      return { ...none, updates: [expiry.field], expiry };
    case "none":
      // The same end, written differently. The record takes the new form, which decides when the end passes.
      return sameLife(news.expiresIn, olds.expiresIn) ? none : { ...none, updates: ["expiresIn"] };
  }
}

function asksForSameEnd({ expiresAt, expiresIn }: AskedExpiry, recorded: RecordedExpiry): boolean {
  return sameLife(expiresIn, recorded.expiresIn) && (expiresAt === undefined || expiresAt === recorded.expiresAt);
}

/** What decides about a known end. */
interface ExpiryRules extends Pick<Capabilities, "expiry"> {
  readonly nowMs: number;
}

const unchanged: ExpiryChange = { kind: "none" };
/** The key has reached its end, which only the record knows. */
const over: ExpiryChange = { kind: "replace", field: "expiresAt", known: "outputs" };

/** Compares the end that the inputs ask for with the end of a recorded key. */
export function compareExpiry(asked: AskedExpiry, recorded: RecordedExpiry, rules: ExpiryRules): ExpiryChange {
  const end = new ExistingEnd(recorded, rules);
  if (asked.expiresAt !== undefined) return end.ownDate(asked);
  if (asked.expiresIn === undefined) return end.withoutEnd();
  return sameLife(asked.expiresIn, recorded.expiresIn) ? end.keptLife() : end.otherLife(asked);
}

/** An end to set, and the input that asks for it. */
interface NewEnd {
  readonly field: "expiresAt" | "expiresIn";
  readonly end: string | null;
}

/** The end of a recorded key, and how it can change. */
class ExistingEnd {
  readonly #recorded: RecordedExpiry;
  readonly #rules: ExpiryRules;

  constructor(recorded: RecordedExpiry, rules: ExpiryRules) {
    this.#recorded = recorded;
    this.#rules = rules;
  }

  /**
   * A date of the program's own. If the service ends a key well before it, the first run after that end makes the next
   * one.
   */
  ownDate(asked: AskedExpiry): ExpiryChange {
    const change = this.#movedUnlessSame({ field: "expiresAt", end: resolveExpiry(asked, this.#rules.nowMs) ?? null });
    const { expiresAt, askedExpiresAt } = this.#recorded;
    const isCut = askedExpiresAt !== undefined && !this.#isSame(expiresAt, askedExpiresAt);
    return change.kind === "none" && isCut && this.#isOver(expiresAt) ? over : change;
  }

  /** The program asks for no end, or no longer. */
  withoutEnd(): ExpiryChange {
    const { expiresAt, expiresIn, expiryImposed } = this.#recorded;
    // An end that the service imposes leads to the next key when it passes.
    if (expiryImposed === true) return this.#isOver(expiresAt) ? over : unchanged;
    return expiresAt === undefined
      ? unchanged
      : this.#moved({ field: expiresIn === undefined ? "expiresAt" : "expiresIn", end: null });
  }

  keptLife(): ExpiryChange {
    const { expiresAt, agreedExpiresAt } = this.#recorded;
    if (this.#isOver(agreedExpiresAt ?? expiresAt)) return over;
    return agreedExpiresAt === undefined ? unchanged : this.#moved({ field: "expiresAt", end: agreedExpiresAt });
  }

  /** A life counts from the key's issue. */
  otherLife(asked: AskedExpiry): ExpiryChange {
    const { createdAt } = this.#recorded;
    const end = resolveExpiry(asked, createdAt === undefined ? this.#rules.nowMs : millis(createdAt));
    if (this.#isOver(end)) return { kind: "replace", field: "expiresIn", known: "inputs" };
    return this.#movedUnlessSame({ field: "expiresIn", end: end ?? null });
  }

  /** The change to this end, unless the key already has it, or the one that was given instead. */
  #movedUnlessSame(wanted: NewEnd): ExpiryChange {
    const { expiresAt, agreedExpiresAt, askedExpiresAt } = this.#recorded;
    const there =
      agreedExpiresAt === undefined && askedExpiresAt !== undefined ? [expiresAt, askedExpiresAt] : [expiresAt];
    return there.some((end) => this.#isSame(wanted.end, end)) ? unchanged : this.#moved(wanted);
  }

  #moved({ field, end }: NewEnd): ExpiryChange {
    const { expiry } = this.#rules;
    const inPlace = expiry.update && (end !== null || expiry.removable !== false);
    return inPlace ? { kind: "update", field, expiresAt: end } : { kind: "replace", field, known: "inputs" };
  }

  #isOver(end: string | undefined): boolean {
    return hasPassed(end, this.#rules.nowMs);
  }

  #isSame(a: string | null | undefined, b: string | undefined): boolean {
    return sameInstant(a, b, this.#rules.expiry.granularityMs);
  }
}
