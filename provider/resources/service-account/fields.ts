/** The inputs of a ServiceAccount: why was it replaced? */
import type { Support } from "../../backends/definition";
import type { AdoptAccount } from "../identity/adopted";
import { always, type Change, type Fields, type InputsOf, optional } from "../fields/field";
import { keyFields, sameAdoption, sameFlag, sameScopes, sameStatus, statusChange } from "../fields/key-fields";
import { type OptionValues, withDefaults } from "../../vendors/options";
import { checkOptions } from "../checks/options";
import { checkOnDisabled } from "../disabled";
import { checkRole } from "../checks/placement";
import { checkAccountScopes } from "../checks/scopes";
import { fieldSchemas } from "../checks/shape";
import { checkDescription, checkName } from "../checks/words";
import { changedOptions, effectOf } from "../fields/options";

const { acceptLess, connection, labels, name, onDisabled, revokeOnDestroy, origin, target } = keyFields;

export const accountFields = {
  connection,
  labels,
  name: { ...name, change: bySupport("name"), check: checkName("accounts") },
  exactName: optional<boolean>({ schema: fieldSchemas.flag, change: "replace", same: sameFlag }),
  description: optional<string>({
    schema: fieldSchemas.freeText,
    change: bySupport("description"),
    check: (description, at) =>
      checkDescription(
        description,
        { support: at.facts.capabilities.serviceAccounts?.description ?? "none", kind: "accounts" },
        at,
      ),
    sent: true,
  }),
  role: optional<string>({
    schema: fieldSchemas.text,
    change: bySupport("role"),
    check: checkRole,
    sent: true,
  }),
  scopes: optional<readonly string[]>({
    schema: fieldSchemas.scopes,
    change: bySupport("scopes"),
    same: sameScopes,
    check: checkAccountScopes,
    sent: true,
  }),
  options: optional<OptionValues>({
    schema: fieldSchemas.judgedApart,
    change: ({ accountOptions }, at) => effectOf(changedOptions(accountOptions, at)),
    same: (_before, _after, at) => changedOptions(at.facts.accountOptions, at).length === 0,
    check: (options, at) => checkOptions(options, { declared: at.facts.accountOptions, what: "service accounts" }, at),
    sent: true,
    sentAs: (options, { accountOptions }) => withDefaults(accountOptions, options),
  }),
  adopt: optional<AdoptAccount>({ schema: fieldSchemas.adoptAccount, change: "replace", same: sameAdoption }),
  revokeOnDestroy,
  origin,
  target,
  /** Added by `check`: what the account should be. */
  status: always<string>({ change: statusChange, same: sameStatus }),
  /** Added by `check`: why this account took the place of the one before it. */
  replacementReason: optional<string>({ change: "keep" }),
  acceptLess,
  onDisabled: { ...onDisabled, check: checkOnDisabled("account") },
} as const satisfies Fields;

/** Inputs after `check`. */
export type ServiceAccountInputs = InputsOf<typeof accountFields>;

/** Changes it in place if the vendor can, only in the record if the vendor does not keep it, else by a new account. */
function bySupport(field: "name" | "description" | "role" | "scopes"): Change {
  return ({ capabilities }) => {
    const support: Support | "required" = capabilities.serviceAccounts?.[field] ?? "none";
    return support === "update" || support === "none" ? "update" : "replace";
  };
}
