import { minuteMs } from "../durations";
import { sameValue } from "./same-value";

/**
 * What `check` knew when it answered, for the calls that follow at once with the same inputs.
 *
 * Whether the inputs differ from the old ones: `diff` gets the old outputs only, yet its answer depends
 * on it: inputs that differ are listed by the engine if it is left to compare them, and work that only
 * outputs show has to be claimed. And when it was: what is done is dated like what was asked for, or
 * the next refresh would show seconds as drift. And which of this package's own inputs `ignoreChanges` handed back:
 * what they stand for is left alone.
 */
export interface InputMemory {
  note(olds: object, answer: object, check: { readonly nowMs: number; readonly ignored?: readonly string[] }): void;
  /** True only where the inputs are known to differ. */
  differ(news: object): boolean;
  /** The inputs of this package's own that `ignoreChanges` handed back. */
  ignored(news: object): readonly string[];
  /** The time of the request, or now if that is unknown or more than a minute ago. */
  decisionTime(news: object, nowMs: number): number;
}

/** Answers of `check` that wait for their `diff`: one resource's follows at once, so a handful is plenty. */
const mostRemembered = 10_000;

export function createInputMemory(): InputMemory {
  const answers = new Map<
    string,
    { readonly differs: boolean; readonly atMs: number; readonly ignored: readonly string[] }
  >();
  return {
    note(olds, answer, { nowMs, ignored = [] }) {
      if (answers.size >= mostRemembered) answers.clear();
      const differs = !sameValue(withoutCode(olds), withoutCode(answer));
      answers.set(keyOf(answer), { differs, atMs: nowMs, ignored });
    },
    differ: (news) => answers.get(keyOf(news))?.differs ?? false,
    ignored: (news) => answers.get(keyOf(news))?.ignored ?? [],
    decisionTime(news, nowMs) {
      const atMs = answers.get(keyOf(news))?.atMs ?? nowMs;
      return nowMs - atMs >= 0 && nowMs - atMs <= minuteMs ? atMs : nowMs;
    },
  };
}

/** The same text for the same inputs, whatever the order of their fields. */
function keyOf(inputs: object): string {
  return JSON.stringify(sorted(withoutCode(inputs)));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, sorted(inner)]),
  );
}

/** Without the text of the provider, which the host adds after `check`, and without absent fields. */
function withoutCode(inputs: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(inputs).filter(([name, value]) => name !== "__provider" && value !== undefined),
  );
}
