import { vendorNamed } from "../provider/vendors";
import { canonicalJson } from "./canonical";
import type { Grant } from "./grants";
import { isHidden, type Facts } from "./resource-facts";

/**
 * A vendor's own inputs as grants. Only the vendor knows which value gives more, so each value is named, and another
 * value is a gain. Options that a built-in vendor declares harmless give nothing.
 */
export function optionGrants({ options = {}, target }: Facts, part: "keyOptions" | "accountOptions"): Grant[] {
  const declared = vendorNamed(target?.backend ?? "")?.[part] ?? {};
  return Object.entries(options)
    .filter(([name]) => !(Object.hasOwn(declared, name) && declared[name]?.harmless === true))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, value]) => textsOf(value).map((text): Grant => ({ kind: "option", name: `${name}=${text}` })));
}

/** An empty list is a value too: many services read it as everything. */
function textsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.length === 0 ? ["(empty list)"] : value.filter(isReadable).map(textOf);
  return isReadable(value) ? [textOf(value)] : [];
}

function isReadable(value: unknown): boolean {
  return value !== undefined && value !== null && !isHidden(value);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : canonicalJson(value);
}
