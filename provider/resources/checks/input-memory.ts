import { createHash } from "node:crypto";
import { minuteMs } from "../../values/durations";
import { sameValue } from "../fields/field";

/**
 * What `check` knows, for the `diff` and the update that follow with the same inputs:
 *
 * - whether the inputs differ from the old ones. `diff` gets only the old outputs, but must answer differently: if inputs
 *   differ, the engine lists them; work that only the outputs show, `diff` must report itself.
 * - the time of the request. The update dates its work by it, or the next refresh would show seconds as drift.
 * - which of this package's own inputs `ignoreChanges` has returned: what they stand for is left alone.
 */
export interface InputMemory {
  note(olds: object, answer: object, check: { readonly nowMs: number; readonly ignored?: readonly string[] }): void;
  /** True only if the inputs are known to differ. */
  differ(news: object): boolean;
  /** This package's own inputs that `ignoreChanges` has returned. */
  ignored(news: object): readonly string[];
  /** The time of the request, or now if that is unknown or more than a minute ago. */
  decisionTime(news: object, nowMs: number): number;
}

/** Answers of `check` to remember: `diff` follows at once, the update when it is its turn. */
const mostRemembered = 10_000;

export function createInputMemory(): InputMemory {
  const answers = new Map<
    string,
    { readonly differs: boolean; readonly atMs: number; readonly ignored: readonly string[] }
  >();
  return {
    note(olds, answer, { nowMs, ignored = [] }) {
      const differs = !sameValue(withoutCode(olds), withoutCode(answer));
      const key = keyOf(answer);
      answers.delete(key);
      answers.set(key, { differs, atMs: nowMs, ignored });
      if (answers.size <= mostRemembered) return;
      const [eldest] = answers.keys();
      if (eldest !== undefined) answers.delete(eldest);
    },
    differ: (news) => answers.get(keyOf(news))?.differs ?? false,
    ignored: (news) => answers.get(keyOf(news))?.ignored ?? [],
    decisionTime(news, nowMs) {
      const atMs = answers.get(keyOf(news))?.atMs ?? nowMs;
      return nowMs - atMs >= 0 && nowMs - atMs <= minuteMs ? atMs : nowMs;
    },
  };
}

/** The same for the same inputs, whatever the order of their fields. Inputs are long, and thousands are remembered. */
function keyOf(inputs: object): string {
  const text = JSON.stringify(sorted(withoutCode(inputs)));
  return createHash("sha256").update(text).digest("base64");
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
