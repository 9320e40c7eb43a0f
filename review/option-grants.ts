import { vendorNamed } from "../provider/vendors";
import { canonicalJson } from "./canonical";
import type { Grant } from "./grants";
import { isHidden, type Facts } from "./resource-facts";

/**
 * A vendor's own inputs as grants. Only the vendor knows which value gives more, so each value is named, and another
 * value is a gain. No two values share a text. Options that a built-in vendor declares harmless give nothing.
 */
export function optionGrants({ options = {}, target }: Facts, part: "keyOptions" | "accountOptions"): Grant[] {
  const declared = vendorNamed(target?.backend ?? "")?.[part] ?? {};
  return Object.entries(options)
    .filter(([name]) => !(Object.hasOwn(declared, name) && declared[name]?.harmless === true))
    .sort(byName)
    .flatMap(([name, value]) => textsOf(nameText(name), value))
    .map((name): Grant => ({ kind: "option", name }));
}

/** The option of a grant, and what the grant says of it. */
export function optionOf(grantName: string): { readonly option: string; readonly value: string } {
  const [, option = grantName, value = ""] =
    /^([A-Za-z0-9]+|"(?:[^"\\]|\\.)*")(?:\[[^]*?\])?=([^]*)$/.exec(grantName) ?? [];
  return { option, value };
}

/** An option that the program no longer sets: what then holds may be more, and only the backend knows it. */
export function leftOut(option: string): Grant {
  return { kind: "option", name: `${option}=(left out)` };
}

/** `project=alpha`; one text for each item of a list, and `roles[ci]=admin` for each name of a map. */
function textsOf(name: string, value: unknown): string[] {
  // An empty list is a value too: many services read it as everything.
  if (Array.isArray(value)) return value.length === 0 ? [`${name}=(empty list)`] : listTexts(name, value);
  if (typeof value === "object" && value !== null) return mapTexts(name, Object.entries(value));
  return isReadable(value) ? [`${name}=${textOf(value)}`] : [];
}

function listTexts(name: string, values: readonly unknown[]): string[] {
  const items = values.filter(isReadable);
  const texts = items.map((item) => `${name}=${textOf(item)}`);
  const sorted = [...new Set(texts)].sort();
  // The provider sorts a list unless its order matters, and then another order is another value.
  const isOrdered = texts.length !== sorted.length || texts.some((text, index) => text !== sorted[index]);
  return isOrdered ? [...sorted, `${name}=(in this order) ${canonicalJson(items)}`] : sorted;
}

function mapTexts(name: string, entries: readonly (readonly [string, unknown])[]): string[] {
  if (entries.length === 0) return [`${name}=(empty map)`];
  return entries
    .filter(([, value]) => isReadable(value))
    .sort(byName)
    .map(([key, value]) => `${name}[${nameText(key)}]=${textOf(value)}`);
}

function isReadable(value: unknown): boolean {
  return value !== undefined && value !== null && !isHidden(value);
}

/** A text that could be read as a number, a flag, or one of the words above stands in quotation marks. */
function textOf(value: unknown): string {
  return typeof value === "string" && !/^(?:[-\d("[{]|true$|false$|null$)/.test(value) ? value : canonicalJson(value);
}

function nameText(name: string): string {
  return /^[A-Za-z0-9]+$/.test(name) ? name : JSON.stringify(name);
}

function byName(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}
