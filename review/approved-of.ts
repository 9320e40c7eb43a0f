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
  const ours = units.flatMap((unit): ApprovedResource[] => {
    const { after } = unit;
    if (!after) return [];
    const account = isKey(unit) ? accountInDelta(after.account) : null;
    const inputs = fixedInputs(after.state.inputs);
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
