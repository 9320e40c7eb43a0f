import { fixedInputs, hashOf } from "../review/approved-inputs";
import { releaseOf } from "../review/approved-of";
import type { ApprovedResource } from "../review/delta-schema";
import { exactText } from "../review/exact-text";
import { quotedList } from "../review/inert";
import { identify, providerUrn, whyOwnSource } from "../review/ours";
import { unknownValue } from "../review/resource-facts";

/** A resource that the engine is about to make, change or keep. */
export interface SeenResource {
  readonly urn: string;
  readonly type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** The provider that runs it, in the form of a state: its URN, `::` and an id. */
  readonly provider?: string;
  /** That provider's own inputs. In an update the engine's own are seen as well. */
  readonly providerInputs?: Readonly<Record<string, unknown>>;
}

/** The differences between a resource and its approval, in words. Empty: none. No value is quoted. */
export function approvalMistakes(
  seen: SeenResource,
  approved: ApprovedResource | undefined,
  allowHiddenCode: boolean,
): string[] {
  const identity = identify({ ...noState, ...seen });
  if (identity.kind === "disguised") return [identity.why];
  if (identity.kind === "other") return approved ? ["it was a resource with code of its own when it was approved"] : [];
  if (!approved) {
    return [identity.kind === "ours" ? "the report does not have it" : "it runs code that the report does not have"];
  }
  if (approved.type !== seen.type) return ["it has another type"];
  const runner = otherRunner(seen, approved);
  if (runner !== undefined) return [runner];
  if (identity.kind === "code") {
    if (approved.inputs !== null) return ["it was one of ours when it was approved"];
    if (approved.code === null)
      return allowHiddenCode ? [] : ["its code is secret, so nobody can compare it; see `--allow-hidden-code`"];
    return identity.text !== undefined && hashOf(identity.text) === approved.code
      ? []
      : ["it runs other code than in the preview"];
  }
  if (approved.inputs === null) return ["it was none of ours when it was approved"];
  return [...changedInputs(seen.inputs, approved.inputs), ...otherAccount(seen, approved)];
}

/** What one of our resources asks for means nothing where another program carries it out. */
function otherRunner(
  { provider, providerInputs = {} }: SeenResource,
  { provider: shown }: ApprovedResource,
): string | undefined {
  const source = whyOwnSource(providerInputs);
  if (source !== undefined || provider === undefined || shown === undefined) return source;
  if (exactText(providerUrn(provider)) !== shown.urn) return "it is run by another provider than in the preview";
  return shown.version === undefined || shown.version === releaseOf(providerInputs)
    ? undefined
    : "it is run by another release of the plugin than in the preview";
}

function changedInputs(
  inputs: Readonly<Record<string, unknown>>,
  approved: Readonly<Record<string, string>>,
): string[] {
  const now = fixedInputs(inputs);
  const names = [...new Set([...Object.keys(now), ...Object.keys(approved)])].sort();
  const changed = names.filter((name) => now[name] !== approved[name]);
  return changed.length === 0 ? [] : [`another value of ${quotedList(changed)}`];
}

function otherAccount({ inputs }: SeenResource, { account }: ApprovedResource): string[] {
  const given = inputs.serviceAccountId;
  const isGiven = given !== undefined && given !== null;
  if (account === null) return isGiven ? ["it has an account, and had none"] : [];
  if (!isGiven) return ["it has no account, and had one"];
  if ("hidden" in account) return ["its account could not be read in the preview"];
  // The account is known only during the update, so the state is compared with it later.
  if ("outputOf" in account) return [];
  return typeof given === "string" && exactText(given) === account.id ? [] : ["it belongs to another account"];
}

/** In a preview, an account that the update makes has no id yet. */
export function isAccountPending({ inputs }: SeenResource): boolean {
  return inputs.serviceAccountId === unknownValue;
}

const noState = {
  custom: true,
  protect: false,
  retainOnDelete: false,
  pendingDelete: false,
  outputs: {},
  propertyDependencies: {},
};
