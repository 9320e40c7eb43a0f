import { fixedInputs, hashOf } from "./approved-inputs";
import { canonicalJson } from "./canonical";
import { accountInDelta } from "./delta";
import type { ApprovedResource } from "./delta-schema";
import { exactText } from "./exact-text";
import { providerUrn } from "./ours";
import type { ResourceState } from "./preview-form";
import type { ResourceChange } from "./stack-change";
import { isKey, type ForeignCode, type Unit } from "./units";

/**
 * The approved form of every resource that runs code of a dynamic provider, unchanged ones too. The policy pack
 * compares the running update with it.
 */
export function approvedOf(
  units: readonly Unit[],
  code: readonly ForeignCode[],
  changes: readonly ResourceChange[],
): ApprovedResource[] {
  const hashes = new Map<string, string>();
  // The values of a stack repeat: most of its keys have the same target.
  const hash = (text: string): string => {
    const known = hashes.get(text) ?? hashOf(text);
    hashes.set(text, known);
    return known;
  };
  const providers = new Map(
    changes.flatMap(({ after }) => (after?.type.startsWith("pulumi:providers:") ? [[after.urn, after] as const] : [])),
  );
  const ours = units.flatMap((unit): ApprovedResource[] => {
    const { after } = unit;
    if (!after) return [];
    const account = isKey(unit) ? accountInDelta(after.account) : null;
    const inputs = fixedInputs(after.state.inputs, hash);
    const runner = runnerOf(after.state, providers);
    return [{ urn: exactText(unit.urn), type: exactText(after.state.type), account, code: null, inputs, ...runner }];
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

/** The engine's own providers are in no preview; their names say which release they are. */
function runnerOf(
  { provider }: ResourceState,
  made: ReadonlyMap<string, ResourceState>,
): Pick<ApprovedResource, "provider"> {
  if (provider === undefined) return {};
  const urn = providerUrn(provider);
  const own = made.get(urn);
  return { provider: { urn: exactText(urn), ...(own && { version: releaseOf(own.inputs) }) } };
}

/** The release that a provider asks for; null if it asks for none. */
export function releaseOf({ version }: Readonly<Record<string, unknown>>): string | null {
  if (version === undefined || version === null) return null;
  return exactText(typeof version === "string" ? version : canonicalJson(version));
}
