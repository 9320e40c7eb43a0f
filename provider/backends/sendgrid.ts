/**
 * SendGrid (https://www.twilio.com/docs/sendgrid/api-reference/api-keys): keys belong to the user, or the subuser, of
 * the admin credential. That is an API key with the scopes api_keys.create, .read, .update (renames) and .delete, and
 * with every scope that it gives to other keys.
 *
 * Oddities:
 * - a key created without scopes gets full access: scopes are always sent, and an empty list is refused
 * - the scopes of the billing group exclude all others: a key has only these, or none of them
 * - keys have no end, no dates and no last use; only their names show whose they are
 * - lists report only names and ids; the scopes of each key need a request of their own
 * - a key's answer adds pending duties of its account (`2fa_required`, `sender_verification_…`), which nobody asked for
 *   as scopes
 * - the hundred-and-first key is refused with a 403
 * - a renamed or revoked key takes a moment to change everywhere
 */
import { z } from "zod";
import { InputError, PermissionDeniedError, ResponseShapeError } from "../errors";
import { path } from "../http/request";
import { sendgrid as vendor } from "../vendors/sendgrid";
import { connectionFields } from "./connection-fields";
import { defineBackend } from "./define-backend";
import type { ApiKey, BackendContext } from "./definition";
import { parseAnswer } from "./parse-answer";

const keys = "/v3/api_keys";

const namedSchema = z.object({ api_key_id: z.string().min(1), name: z.string() });
const keySchema = namedSchema.extend({ scopes: z.array(z.string()) });
const issuedSchema = keySchema.extend({ api_key: z.string().min(1) });
const listSchema = z.object({ result: z.array(namedSchema) });
const oneSchema = z.object({ result: z.array(keySchema).length(1) });

const readOptions = connectionFields("sendgrid", {
  onBehalfOf: {
    schema: z
      .string()
      .regex(/^[\x21-\x7e]+( [\x21-\x7e]+)?$/)
      .optional(),
    takes: 'the name of a subuser, or "account-id <id>" of a customer account, whose keys are managed',
  },
});
type Options = ReturnType<typeof readOptions>;

export const sendgrid = defineBackend<Options>({
  ...vendor,
  options: readOptions,
  adapt: ({ onBehalfOf }) =>
    onBehalfOf === undefined ? {} : { tenant: `/on-behalf-of/${encodeURIComponent(onBehalfOf)}` },
  validateKey({ scopes }) {
    if (scopes?.length === 0)
      return [
        {
          field: "scopes",
          message:
            "SendGrid gives full access to a key that is asked for without scopes, so an empty list is never sent, whatever fullAccess says; list what the key may do",
        },
      ];
    const billing = scopes?.filter((scope) => scope.startsWith("billing.")) ?? [];
    return billing.length === 0 || billing.length === scopes?.length
      ? []
      : [
          {
            field: "scopes",
            message: `SendGrid gives a key the scopes of its billing group or any others, never both; make another key for ${billing.join(", ")}`,
          },
        ];
  },
  connect: ({ http, options: { onBehalfOf } }: BackendContext<Options>) => {
    const headers = onBehalfOf === undefined ? {} : { "on-behalf-of": onBehalfOf };
    const keyAt = (id: string) => keys + path`/${id}`;
    const getKey = async ({ id }: { readonly id: string }): Promise<ApiKey | undefined> => {
      const { absent, body } = await http.request({ method: "GET", path: keyAt(id), headers, absent: [404] });
      if (absent) return undefined;
      const [key] = parseAnswer("GET", keyAt(id), oneSchema, body).result;
      return key && toKey(key);
    };
    return {
      async createKey({ name, scopes }) {
        if (!scopes?.length)
          throw new InputError(
            "scopes",
            "SendGrid gives full access to a key without scopes; nothing was sent. List them.",
          );
        const { body } = await http
          .request({ method: "POST", path: keys, headers, json: { name, scopes } })
          .catch((error: unknown) => {
            throw error instanceof PermissionDeniedError
              ? new PermissionDeniedError(error, "SendGrid answers so, too, where there are 100 keys already.")
              : error;
          });
        const issued = parseAnswer("POST", keys, issuedSchema, body);
        return { ...toKey(issued), secret: issued.api_key };
      },
      getKey,
      async listKeys() {
        const { body } = await http.request({ method: "GET", path: keys, headers });
        return parseAnswer("GET", keys, listSchema, body).result.map(({ api_key_id: id, name }) => ({
          id,
          name,
          status: "active",
        }));
      },
      async updateKey({ id }, { name }) {
        await http.request({ method: "PATCH", path: keyAt(id), headers, json: { name }, idempotent: true });
        const key = await getKey({ id });
        if (!key) throw new ResponseShapeError(`PATCH ${keyAt(id)} succeeded, and the key is not there. Run it again.`);
        return key;
      },
      async revokeKey({ id }) {
        const { absent } = await http.request({ method: "DELETE", path: keyAt(id), headers, absent: [404] });
        return absent ? "absent" : "revoked";
      },
    };
  },
});

/** Pending duties of an account, which SendGrid reports as scopes of each of its keys. */
const duties = /^(2fa_required|sender_verification_\w+)$/;

function toKey({ api_key_id: id, name, scopes }: z.infer<typeof keySchema>): ApiKey {
  return { id, name, status: "active", scopes: scopes.filter((scope) => !duties.test(scope)) };
}
