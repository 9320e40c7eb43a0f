/** What a preview lists of a change, property by property. Pure. */
import { sameValue } from "../provider/resources/fields/field";
import type { Properties } from "./properties";

export type ChangeKind = "add" | "delete" | "update";

export interface PropertyChange {
  readonly kind: ChangeKind;
  /** It makes another object. */
  readonly replaces: boolean;
  /** It shows in the inputs; otherwise only the record knows of it. */
  readonly inInputs: boolean;
}

/** What is compared. */
export interface Comparison {
  readonly olds: Properties;
  readonly news: Properties;
  /** Why the object is replaced. */
  readonly replaces: readonly string[];
}

/** Inputs of this package's own that tell no user anything. */
const notTold: ReadonlySet<string> = new Set(["__provider", "origin"]);

/** The changes by property path. Scopes are a set: one is gained or lost, and none has a place in a row. */
export function detailedDiff({ olds, news, replaces }: Comparison): ReadonlyMap<string, PropertyChange> {
  const changes = new Map<string, PropertyChange>();
  for (const name of [...new Set([...Object.keys(olds), ...Object.keys(news)])].sort()) {
    if (notTold.has(name)) continue;
    const [before, after] = [olds[name], news[name]];
    if (sameValue(before, after)) continue;
    const at = { replaces: replaces.includes(name), inInputs: true };
    const scopes = name === "scopes" ? gainedAndLost(before, after) : [];
    for (const [path, kind] of scopes) changes.set(path, { kind, ...at });
    if (scopes.length === 0) changes.set(name, { kind: kindOf(before, after), ...at });
  }
  for (const name of replaces)
    if (sameValue(olds[name], news[name])) changes.set(name, { kind: "update", replaces: true, inInputs: false });
  return changes;
}

function kindOf(before: unknown, after: unknown): ChangeKind {
  if (before === undefined) return "add";
  return after === undefined ? "delete" : "update";
}

function gainedAndLost(before: unknown, after: unknown): (readonly [string, ChangeKind])[] {
  if (!isTexts(before) || !isTexts(after)) return [];
  const path = (scope: string) => `scopes[${JSON.stringify(scope)}]`;
  return [
    ...after.filter((scope) => !before.includes(scope)).map((scope) => [path(scope), "add"] as const),
    ...before.filter((scope) => !after.includes(scope)).map((scope) => [path(scope), "delete"] as const),
  ];
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
