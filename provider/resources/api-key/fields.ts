/** The inputs of an ApiKey: why was it replaced? */
import { always, type Fields, type InputsOf, optional } from "../fields/field";
import { keyFields, sameFlag, sameStatus, statusChange } from "../fields/key-fields";
import { fieldSchemas } from "../checks/shape";

export const apiKeyFields = {
  ...keyFields,
  exactName: optional<boolean>({ schema: fieldSchemas.flag, change: "replace", same: sameFlag }),
  // Compared as time, not as text: see end.ts.
  expiresAt: optional<string>({ schema: fieldSchemas.judgedApart, change: "keep" }),
  secretValue: optional<string>({
    schema: fieldSchemas.text,
    change: "replace",
    // The record holds a chosen secret as the secret of its key.
    same: (_before, after, { olds }) => after === (isCallerChosen(olds) ? olds.secret : undefined),
    sent: true,
  }),
  /** Added by `check`: what the key should be. */
  status: always<string>({ change: statusChange, same: sameStatus }),
  /** Added by `check`: why this key took the place of the one before it. */
  replacementReason: optional<string>({ change: "keep" }),
  /** Added by `read` if somebody moved the end on the service: the program's own date. */
  agreedExpiresAt: optional<string>({ change: "keep" }),
} as const satisfies Fields;

/** Inputs after `check`. */
export type ApiKeyInputs = InputsOf<typeof apiKeyFields>;

/** A drawn secret has a fingerprint; a chosen one has none, because short choices could be guessed from it. */
export function isCallerChosen({
  secret,
  fingerprint,
}: {
  readonly secret?: unknown;
  readonly fingerprint?: unknown;
}): boolean {
  return secret !== undefined && fingerprint === undefined;
}
