/**
 * One declaration per input: what its values look like, what a change of it does, how two values compare, and how
 * it is checked. Types, shapes, diffs, refreshes, requests and updates derive from the tables of such fields.
 */
import type { z } from "zod";
import type { ConnectionFacts } from "../../connections/connections";
import { isUnknown } from "../../values/wire";
import type { CheckPoint } from "../checks/failures";
import type { InputShape } from "../checks/shape";

/**
 * The effect of a changed field: `replace` makes another object · `rotate` issues the next key of a rotating key ·
 * `update` changes the object in place, or the record if the service does not keep the field · `record` changes only the
 * record, and a preview shows it · `keep` the same, but silently · `request` none: `check` sets the field itself.
 */
export type Effect = "replace" | "rotate" | "update" | "record" | "keep" | "request";

/** A fixed effect, or one that depends on the service's capabilities and, for a map, on the values that differ. */
export type Change = Effect | ((facts: ConnectionFacts, at: Pick<Compared, "olds" | "news">) => Effect);

/** A record, or inputs. */
type Properties = object;

type Given = Readonly<Record<string, unknown>>;

/** The record and the inputs that are compared. */
export interface Comparison {
  readonly olds: Given;
  readonly news: Given;
  readonly facts: ComparedBy;
}

/** The parts of a connection that decide whether two values are the same. */
export type ComparedBy = Partial<Pick<ConnectionFacts, "catalogue" | "keyOptions" | "accountOptions">>;

/** What is compared, of whatever type. */
interface Compared {
  readonly olds: Properties;
  readonly news: Properties;
  readonly facts: Comparison["facts"];
}

interface FieldRules<Value> {
  /** The values that a program may give; left out for a field that only this package adds. */
  readonly schema?: z.ZodType;
  readonly change: Change;
  /** Left out: deep equality. */
  same?(before: Value | undefined, after: Value | undefined, at: Comparison): boolean;
  /** Checks the field against the service's capabilities, and returns its canonical value. */
  check?(value: unknown, at: CheckPoint): unknown;
  /** The request for a new object contains it. */
  readonly sent?: true;
  /** The value to send instead. Left out: the value itself. */
  sentAs?(value: Value | undefined, facts: ConnectionFacts): Value | undefined;
}

export interface Field<Value, Always extends boolean = boolean> extends FieldRules<Value> {
  /** Only carries the type of the values; it never has a value. */
  readonly valueType?: Value;
  /** True if the field is always set after `check`. */
  readonly always: Always;
}

export type Fields = Readonly<Record<string, Field<unknown>>>;

export function optional<Value>(rules: FieldRules<Value>): Field<Value, false> {
  return { always: false, ...rules };
}

export function always<Value>(rules: FieldRules<Value>): Field<Value, true> {
  return { always: true, ...rules };
}

type ValueOf<F> = F extends { readonly valueType?: infer Value } ? Exclude<Value, undefined> : never;
type AlwaysOf<F extends Fields> = { [Name in keyof F]: F[Name]["always"] extends true ? Name : never }[keyof F];

/** The inputs after `check`. */
export type InputsOf<F extends Fields> = { readonly [Name in AlwaysOf<F>]: ValueOf<F[Name]> } & {
  readonly [Name in Exclude<keyof F, AlwaysOf<F>>]?: ValueOf<F[Name]>;
};

/** The same fields with other effects; each field must be named. */
export function withEffects<F extends Fields, E extends Readonly<Record<keyof F, Effect>>>(
  fields: F,
  effects: E,
): { readonly [Name in keyof F]: F[Name] & { readonly change: E[Name] } } {
  const changed = Object.entries(fields).map(([name, field]) => [name, { ...field, change: effects[name] }]);
  return Object.fromEntries(changed) as { readonly [Name in keyof F]: F[Name] & { readonly change: E[Name] } };
}

export function namesOf<F extends Fields>(fields: F): readonly (keyof F & string)[] {
  return Object.keys(fields);
}

/** The fields that a program may give, with the schemas of their known values. */
export function shapeOf(fields: Fields): InputShape {
  return Object.fromEntries(Object.entries(fields).flatMap(([name, { schema }]) => (schema ? [[name, schema]] : [])));
}

/**
 * The fields added by this package that `ignoreChanges` has returned: the engine puts their old values into the new
 * inputs, where no program sets them.
 */
export function handedBack(fields: Fields, { olds, news }: Pick<Compared, "olds" | "news">): readonly string[] {
  return namesOf(fields).filter((name) => {
    const value = valueOf(news, name);
    return fields[name]?.schema === undefined && value !== undefined && sameValue(valueOf(olds, name), value);
  });
}

/** The fields whose effect is always one of these. */
export function namesBy<F extends Fields>(fields: F, ...effects: readonly Effect[]): readonly (keyof F & string)[] {
  return namesOf(fields).filter((name) => effects.some((effect) => fields[name]?.change === effect));
}

/** The fields that differ; an unknown value counts as different. */
export function changedFields<F extends Fields>(
  fields: F,
  { olds, news, facts }: Compared,
  names: readonly (keyof F & string)[] = namesOf(fields),
): readonly (keyof F & string)[] {
  const at: Comparison = { olds: { ...olds }, news: { ...news }, facts };
  return names.filter((name) => {
    const [before, after] = [valueOf(at.olds, name), valueOf(at.news, name)];
    if (isUnknown(after)) return true;
    const field = fields[name];
    return field?.same ? !field.same(before, after, at) : !sameValue(before, after);
  });
}

/** Those of the changed fields that ask for another object on this service, and those that change the one there is. */
export function effectsOf(
  fields: Fields,
  compared: Compared & { readonly facts: ConnectionFacts },
): { readonly replaces: string[]; readonly updates: string[] } {
  const names = changedFields(fields, compared);
  const having = (effect: Effect) =>
    names.filter((name) => {
      const change = fields[name]?.change;
      return (typeof change === "function" ? change(compared.facts, compared) : change) === effect;
    });
  return { replaces: having("replace"), updates: having("update") };
}

/** The inputs in their canonical form, after every field was checked. */
export function checkedInputs(fields: Fields, { news, facts, failures }: CheckPoint): Given {
  const values = Object.entries(fields).flatMap(([name, field]) =>
    field.check ? [[name, field.check(valueOf(news, name), { news, facts, failures })] as const] : [],
  );
  return present({ ...news, ...Object.fromEntries(values) });
}

/** The inputs that the request for a new object contains. */
export function sentInputs(fields: Fields, inputs: Properties, facts: ConnectionFacts): Given {
  const sent = Object.entries(fields).flatMap(([name, field]) => {
    const value = valueOf(inputs, name);
    return field.sent ? [[name, field.sentAs ? field.sentAs(value, facts) : value] as const] : [];
  });
  return present(Object.fromEntries(sent));
}

/** The properties without the named ones. */
export function except(names: readonly string[], properties: Properties): Given {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name)));
}

/** The named properties, without those that are absent. */
export function picked(names: readonly string[], properties: Properties): Given {
  return present(Object.fromEntries(names.map((name) => [name, valueOf(properties, name)])));
}

function valueOf(properties: Properties, name: string): unknown {
  return (properties as Given)[name];
}

function present(properties: Properties): Given {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined));
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
