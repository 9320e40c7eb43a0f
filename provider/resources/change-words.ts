/** Words for changed inputs, as the reason for a new key or account. Of maps only the names, because values may be secret. */
import type { ComparedBy } from "./fields/field";
import { changedOptions } from "./fields/options";
import { sameValue } from "./fields/field";

type Given = Readonly<Record<string, unknown>>;

/** What is compared: old and new inputs. */
export interface ChangedInputs {
  readonly olds: object;
  readonly news: object;
  /** The options that the backend declares for this kind of object. */
  readonly declared: ComparedBy["keyOptions"];
}

type Words = (before: unknown, after: unknown, at: ChangedInputs) => string;

const wordsOf: Readonly<Record<string, Words>> = {
  scopes: (before, after) => `scopes changed: ${gainedAndLost(textsOf(before), textsOf(after))}`,
  keepers: (before, after) => `keepers changed: ${changedNames(mapOf(before), mapOf(after)).join(", ")}`,
  options: (_before, _after, { olds, news, declared }) =>
    `options changed: ${changedOptions(declared, { olds, news })
      .filter(({ effect }) => effect === "replace")
      .map(({ name }) => name)
      .join(", ")}`,
  expiresIn: values("expiresIn"),
  expiresAt: values("expiresAt"),
  environment: values("environment"),
  connection: values("connection"),
  role: values("role"),
};

/** `scopes changed: +read:alerts`, `keepers changed: build`, `expiresIn changed: 30d => 60d`, or the name alone. */
export function changeWords(name: string, at: ChangedInputs): string {
  const [before, after] = [(at.olds as Given)[name], (at.news as Given)[name]];
  return wordsOf[name]?.(before, after, at) ?? `${name} changed`;
}

function values(name: string): Words {
  const shown = (value: unknown) => (typeof value === "string" ? value : "none");
  return (before, after) => `${name} changed: ${shown(before)} => ${shown(after)}`;
}

function gainedAndLost(before: readonly string[], after: readonly string[]): string {
  const gained = after.filter((scope) => !before.includes(scope)).map((scope) => `+${scope}`);
  const lost = before.filter((scope) => !after.includes(scope)).map((scope) => `-${scope}`);
  return [...gained, ...lost].join(" ");
}

function changedNames(before: Given, after: Given): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => !sameValue(before[name], after[name]))
    .sort();
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? (value as readonly string[]) : [];
}

function mapOf(value: unknown): Given {
  return typeof value === "object" && value !== null ? (value as Given) : {};
}
