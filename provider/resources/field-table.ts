import type { ConnectionFacts } from "../connections";

/** What a changed field asks for. `keep`: the change has no meaning for the object itself. */
export type FieldEffect = "replace" | "update" | "keep";

/** A fixed effect, or one that the service's abilities decide. */
export type FieldRule = FieldEffect | ((facts: ConnectionFacts) => FieldEffect);

/** The effect of every input of a resource: "why was it replaced?" is answered here. */
export type FieldTable<Inputs> = Readonly<Record<keyof Inputs, FieldRule>>;

/** Which changed fields replace and which update. */
export interface FieldDecision {
  readonly replaces: string[];
  readonly updates: string[];
}

/** Applies the table to the fields that differ. */
export function decideFields<Inputs>(
  table: FieldTable<Inputs>,
  changed: readonly (keyof Inputs)[],
  facts: ConnectionFacts,
): FieldDecision {
  const decision: FieldDecision = { replaces: [], updates: [] };
  for (const name of changed) {
    const rule = table[name];
    const effect = typeof rule === "function" ? rule(facts) : rule;
    if (effect === "replace") decision.replaces.push(String(name));
    if (effect === "update") decision.updates.push(String(name));
  }
  return decision;
}

/** Deep equality of plain data; the order of a map's entries does not count. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) =>
    sameValue((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name]),
  );
}
