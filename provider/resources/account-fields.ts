/** The inputs of a ServiceAccount: why was it replaced? */
import type { Support } from "../backends/definition";
import { always, type Change, type Fields, type InputsOf, optional } from "./fields/field";
import { keyFields, sameFlag, sameScopes, sameStatus } from "./fields/key-fields";
import { checkRole } from "./checks/placement";
import { checkAccountScopes } from "./checks/scopes";
import { fieldSchemas } from "./checks/shape";
import { checkDescription } from "./checks/words";

const { connection, labels, name, onDisabled, origin, target } = keyFields;

export const accountFields = {
  connection,
  labels,
  name: { ...name, change: bySupport("name") },
  exactName: optional<boolean>({ schema: fieldSchemas.flag, change: "replace", same: sameFlag }),
  description: optional<string>({
    schema: fieldSchemas.freeText,
    change: bySupport("description"),
    check: (description, at) =>
      checkDescription(description, at.facts.capabilities.serviceAccounts?.description ?? "none", at),
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
