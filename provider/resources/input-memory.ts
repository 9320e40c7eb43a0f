import { sameValue } from "./field-table";

/**
 * Whether the inputs that `check` has just answered differ from the old ones. `diff` gets the old
 * outputs only, yet its answer depends on it: inputs that differ are listed by the engine if it is
 * left to compare them, and work that only outputs show has to be claimed.
 */
export interface InputMemory {
  note(olds: object, answer: object): void;
  /** True only where the inputs are known to differ. */
  differ(news: object): boolean;
}

/** Answers of `check` that wait for their `diff`: one resource's follows at once, so a handful is plenty. */
const mostRemembered = 10_000;

export function createInputMemory(): InputMemory {
  const differing = new Map<string, boolean>();
  return {
    note(olds, answer) {
      if (differing.size >= mostRemembered) differing.clear();
      differing.set(keyOf(answer), !sameValue(withoutCode(olds), withoutCode(answer)));
    },
    differ: (news) => differing.get(keyOf(news)) ?? false,
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
