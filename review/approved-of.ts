import { fixedInputs, hashOf } from "./approved-inputs";
import { accountInDelta } from "./delta";
import type { ApprovedResource } from "./delta-schema";
import { exactText } from "./exact-text";
import { isKey, type ForeignCode, type Unit } from "./units";

/**
 * The approved form of every resource that runs code of a dynamic provider, unchanged ones too. The policy pack
 * compares the running update with it.
 */
export function approvedOf(units: readonly Unit[], code: readonly ForeignCode[]): ApprovedResource[] {
  const hashes = new Map<string, string>();
  // The values of a stack repeat: most of its keys have the same target.
  const hash = (text: string): string => {
    const known = hashes.get(text) ?? hashOf(text);
    hashes.set(text, known);
    return known;
  };
  const ours = units.flatMap((unit): ApprovedResource[] => {
    const { after } = unit;
    if (!after) return [];
    const account = isKey(unit) ? accountInDelta(after.account) : null;
    const inputs = fixedInputs(after.state.inputs, hash);
    return [{ urn: exactText(unit.urn), type: exactText(after.state.type), account, code: null, inputs }];
  });
  const others = code.map(({ urn, after: { text, type } }): ApprovedResource => ({
    urn: exactText(urn),
    type: exactText(type),
    account: null,
    code: text === undefined ? null : hashOf(text),
    inputs: null,
  }));
  return [...ours, ...others].sort((a, b) => (a.urn < b.urn ? -1 : 1));
}
