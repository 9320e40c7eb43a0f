/** The inputs that every kind of key has, and what a change of each does to an ApiKey. */
import { sameAccess } from "../../scopes";
import { type OptionValues, withDefaults } from "../../vendors/options";
import { checkEnvironment, checkParent } from "../checks/placement";
import { checkKeyScopes } from "../checks/scopes";
import { checkOptions } from "../checks/options";
import { checkOnDisabled } from "../disabled";
import { fieldSchemas } from "../checks/shape";
import { checkDescription, checkName } from "../checks/words";
import type { AdoptKey } from "../identity/adopted";
import { isEnabledAgain, type OnDisabled, staysDisabled } from "../disabled";
import { type Origin, sameName } from "../identity/names";
import { changedOptions, effectOf } from "./options";
import { type Target, targetOf } from "../identity/target";
import { always, type Comparison, type Fields, type InputsOf, optional } from "./field";

type Texts = Readonly<Record<string, string>>;

export const keyFields = {
  connection: always<string>({ schema: fieldSchemas.judgedApart, change: "replace" }),
  serviceAccountId: optional<string>({
    schema: fieldSchemas.text,
    change: "replace",
    check: checkParent,
    sent: true,
  }),
  scopes: optional<readonly string[]>({
    schema: fieldSchemas.scopes,
    change: "replace",
    same: sameScopes,
    check: checkKeyScopes,
    sent: true,
  }),
  environment: optional<"live" | "test">({
    schema: fieldSchemas.judgedApart,
    change: "replace",
    check: checkEnvironment,
    sent: true,
  }),
  options: optional<OptionValues>({
    schema: fieldSchemas.judgedApart,
    change: ({ keyOptions }, at) => effectOf(changedOptions(keyOptions, at)),
    same: (_before, _after, at) => changedOptions(at.facts.keyOptions, at).length === 0,
    check: (options, at) => checkOptions(options, { declared: at.facts.keyOptions, what: "keys" }, at),
    sent: true,
    sentAs: (options, { keyOptions }) => withDefaults(keyOptions, options),
  }),
  keepers: optional<Texts>({ schema: fieldSchemas.textMap, change: "replace" }),
  name: optional<string>({
    schema: fieldSchemas.freeText,
    change: ({ capabilities }) => (capabilities.rename ? "update" : "replace"),
    same: sameNames,
    check: checkName("keys"),
  }),
  description: optional<string>({
    schema: fieldSchemas.freeText,
    // If the vendor does not keep descriptions, only the record has it.
    change: ({ capabilities }) => (capabilities.description === "replace" ? "replace" : "update"),
    check: (description, at) =>
      checkDescription(description, { support: at.facts.capabilities.description, kind: "keys" }, at),
    sent: true,
  }),
  labels: optional<Texts>({ schema: fieldSchemas.labels, change: "update", sent: true }),
  // The end of a key is compared as time, not as text: see expiry.ts.
  expiresIn: optional<string>({ schema: fieldSchemas.judgedApart, change: "keep" }),
  fullAccess: optional<boolean>({ schema: fieldSchemas.flag, change: "keep" }),
  allowOutage: optional<boolean>({ schema: fieldSchemas.flag, change: "keep" }),
  acceptLess: optional<boolean>({ schema: fieldSchemas.flag, change: "keep" }),
  onDisabled: optional<OnDisabled>({
    schema: fieldSchemas.onDisabled,
    change: "keep",
    check: checkOnDisabled("key"),
  }),
  selfRotate: optional<boolean>({ schema: fieldSchemas.flag, change: "keep" }),
  adopt: optional<AdoptKey>({ schema: fieldSchemas.adoptKey, change: "replace", same: sameAdoption }),
  revokeOnDestroy: optional<boolean>({ schema: fieldSchemas.flag, change: "update", same: sameFlag }),
  origin: always<Origin>({ schema: fieldSchemas.origin, change: "keep" }),
  /** Added by `check`. */
  target: optional<Target>({ change: "keep", check: (_target, { facts, news }) => targetOf(facts, news.scopes) }),
} as const satisfies Fields;

/** Inputs of every key, after `check`. */
export type KeyInputs = InputsOf<typeof keyFields>;

/** True also if the program writes out the name that the object already has. */
function sameNames(_before: unknown, _after: unknown, { olds, news }: Comparison): boolean {
  return sameName(olds as { readonly origin: Origin }, news as { readonly origin: Origin });
}

/** A key that has ended gets a successor, but a disabled one stays as somebody decided on the service. */
export function sameStatus(before: string | undefined, after: string | undefined, { news }: Comparison): boolean {
  return after !== "active" || before === "active" || staysDisabled(before, news);
}

/** Enables a disabled object in place if the program says so; replaces everything else that has ended. */
export function statusChange(_facts: unknown, { olds, news }: { readonly olds: object; readonly news: object }) {
  const { status } = olds as { readonly status?: string };
  return isEnabledAgain(status, news) ? ("update" as const) : ("replace" as const);
}

/** An adopted object stays adopted, whatever the program says later. Another id means another object. */
export function sameAdoption(_before: unknown, after: unknown, { olds }: Comparison): boolean {
  if (after === undefined) return true;
  const { keyId, accountId } = after as { readonly keyId?: string; readonly accountId?: string };
  const id = keyId ?? accountId;
  return id === olds.adoptedId || id === olds.keyId || id === olds.accountId;
}

/** A flag that is left out is false. */
export function sameFlag(before: boolean | undefined, after: boolean | undefined): boolean {
  return (before ?? false) === (after ?? false);
}

/** Order, repeats and implied scopes do not count. */
export function sameScopes(
  before: readonly string[] | undefined,
  after: readonly string[] | undefined,
  { facts }: Comparison,
): boolean {
  return before && after ? sameAccess(facts.catalogue, before, after) : before === after;
}
