/** The inputs of a ServiceAccount: why was it replaced? */
import type { Support } from "../backends/definition";
import { always, type Change, type Fields, type InputsOf, optional } from "./fields/field";
import { keyFields, sameFlag, sameScopes, sameStatus } from "./fields/key-fields";
import { checkAccountScopes, checkDescription, checkRole, fieldSchemas } from "./input-checks";

const { connection, labels, name, onDisabled, origin, target } = keyFields;

export const accountFields = {
  connection,
  labels,
  name: { ...name, change: bySupport("name") },
  exactName: optional<boolean>({ schema: fieldSchemas.flag, change: "replace", same: sameFlag }),
  description: optional<string>({
    schema: fieldSchemas.freeText,
    change: bySupport("description"),
    check: (description, { facts, failures }) => {
      checkDescription(description, facts.capabilities.serviceAccounts?.description ?? "none", facts, failures);
      return description;
    },
    sent: true,
  }),
  role: optional<string>({
    schema: fieldSchemas.text,
    change: bySupport("role"),
    check: (role, { facts, failures }) => {
      checkRole(role, facts, failures);
      return role;
    },
    sent: true,
  }),
  scopes: optional<readonly string[]>({
    schema: fieldSchemas.scopes,
    change: bySupport("scopes"),
    same: sameScopes,
    check: (scopes, { facts, failures }) => checkAccountScopes(scopes, facts, failures) ?? scopes,
    sent: true,
  }),
  origin,
  target,
  /** Added by `check`: what the account should be. */
  status: always<string>({ change: "replace", same: sameStatus }),
  onDisabled,
} as const satisfies Fields;

/** Inputs after `check`. */
export type ServiceAccountInputs = InputsOf<typeof accountFields>;

/** In place where the vendor can; in the record alone where the vendor keeps nothing; a new account otherwise. */
function bySupport(field: "name" | "description" | "role" | "scopes"): Change {
  return ({ capabilities }) => {
    const support: Support | "required" = capabilities.serviceAccounts?.[field] ?? "none";
    return support === "update" || support === "none" ? "update" : "replace";
  };
}
