/**
 * Elasticsearch (https://www.elastic.co/docs/api/doc/elasticsearch/group/endpoint-security): API keys of the user who owns the
 * connection's credential, which is `<user>:<password>` or an access token. The connection's `owner` is that user's name.
 *
 * Oddities:
 * - a key that is asked for without role descriptors, or with none in their map, has all rights of its owner: they are always sent
 * - a key made with an API key has no privileges, so no such credential is taken
 * - what the key may do is cut to what its owner might when it was made. Any update, also one of its end alone, takes what the owner
 *   may now: so a key is never updated, and nothing is widened in place
 * - names may repeat, and a call by name hits all that have it: every call is by id
 * - whoever may only manage its own keys sees no others, without a word: so every call is about the owner's keys, and the credential has
 *   proven first whose it is
 * - a revoke answers 200 whatever it did; the lists in its body tell. Invalidated keys are told for some days more
 * - a key that is not there is an empty list, or a 404
 */
import { z } from "zod";
import { defined } from "../values/defined";
import { ConfigError, InputError, notYetSent, ProviderError, ResponseShapeError } from "../errors";
import { formatTime } from "../values/times";
import { elasticsearch as vendor } from "../vendors/elasticsearch";
import { connectionFields } from "./connection-fields";
import { defineBackend } from "./define-backend";
import type { ApiKey, AskedKey, BackendContext, BackendSession, InputProblem } from "./definition";
import { descriptorsOf, descriptorsSchema, scopesOf } from "./elasticsearch/descriptors";
import { halfMade } from "./half-made";
import { parseAnswer } from "./parse-answer";
import { secondsToLive } from "./seconds-to-live";

const keys = "/_security/api_key";
const identity = "/_security/_authenticate";

const identitySchema = z.object({ username: z.string(), authentication_type: z.string() });
const issuedSchema = z.object({ id: z.string().min(1), name: z.string(), encoded: z.string().min(1) });
const keySchema = z.object({
  id: z.string().min(1),
  name: z.string(),
  creation: z.number(),
  expiration: z.number().nullish(),
  invalidated: z.boolean(),
  role_descriptors: descriptorsSchema.nullish(),
});
const listSchema = z.object({ api_keys: z.array(keySchema) });
const revokedSchema = z.object({
  invalidated_api_keys: z.array(z.string()),
  previously_invalidated_api_keys: z.array(z.string()),
  error_count: z.number(),
});

const readOptions = connectionFields("elasticsearch", {
  owner: {
    schema: z.string().min(1),
    takes: "the name of the user whose credential the connection has, and to whom the keys belong",
  },
});
type Options = ReturnType<typeof readOptions>;

export const elasticsearch = defineBackend<Options>({
  ...vendor,
  options: readOptions,
  adapt: ({ owner }) => ({ tenant: `/owners/${encodeURIComponent(owner)}` }),
  authenticate: basicOrBearer,
  validateKey,
  connect: ({ http, options: { owner } }: BackendContext<Options>) => {
    let proven: Promise<void> | undefined;
    const proveOwner = async (): Promise<void> => {
      const { body } = await http.request({ method: "GET", path: identity });
      const { username, authentication_type } = parseAnswer("GET", identity, identitySchema, body);
      if (authentication_type === "api_key")
        throw new ConfigError(
          "the credential of this elasticsearch connection is an API key, and Elasticsearch lets such a key make keys without privileges only. Use a user's.",
        );
      if (username !== owner)
        throw new ConfigError(
          `the credential of this elasticsearch connection is of the user "${username}", and its "owner" is "${owner}". Keys belong to who makes them, so nothing was done; correct one of the two.`,
        );
    };
    const whoWeAre = (): Promise<void> => {
      proven ??= proveOwner().catch((error: unknown) => {
        proven = undefined;
        throw error;
      });
      return proven;
    };
    const find = async (query: { readonly id: string } | { readonly active_only: "true" }): Promise<ApiKey[]> => {
      await whoWeAre();
      const request = { method: "GET", path: keys, query: { ...query, owner: "true" }, absent: [404] } as const;
      const { absent, body } = await http.request(request);
      return absent ? [] : parseAnswer("GET", keys, listSchema, body).api_keys.map(toKey);
    };
    return {
      async createKey({ name, scopes, expiresAt, livesForMs }) {
        if (!scopes?.length)
          throw new InputError("scopes", `${allRights}; nothing was sent. List what the key may do.`);
        const seconds = secondsToLive({ expiresAt, livesForMs });
        await whoWeAre().catch((error: unknown) => {
          throw notYetSent("Whose the credential is could not be told, so no key was made", error);
        });
        const expiration = seconds === undefined ? undefined : `${seconds}s`;
        const json = defined({ name, expiration, role_descriptors: descriptorsOf(scopes) });
        const { body } = await http.request({ method: "POST", path: keys, json });
        const { id, encoded } = parseAnswer("POST", keys, issuedSchema, body);
        const [key] = await halfMade(() => find({ id }));
        if (key) return { ...key, secret: encoded };
        throw new ResponseShapeError(`POST ${keys} made a key that is not there. Check the service.`);
      },
      async getKey({ id }) {
        return (await find({ id })).find((key) => key.id === id);
      },
      listKeys: () => find({ active_only: "true" }),
      async revokeKey({ id }) {
        await whoWeAre();
        const json = { ids: [id], owner: true };
        const { absent, body } = await http.request({ method: "DELETE", path: keys, json, absent: [404] });
        if (absent) return "absent";
        const done = parseAnswer("DELETE", keys, revokedSchema, body);
        if (done.invalidated_api_keys.includes(id)) return "revoked";
        if (done.error_count === 0) return "absent";
        throw new ProviderError(
          `DELETE ${keys} was answered with ${done.error_count} error(s); the key ${id} may live on.`,
        );
      },
    };
  },
});

const allRights =
  "Elasticsearch gives all rights of its owner to a key that is asked for without any, so an empty list is never sent";

function validateKey({ scopes }: AskedKey): InputProblem[] {
  return scopes?.length === 0
    ? [{ field: "scopes", message: `${allRights}, whatever fullAccess says; list what the key may do` }]
    : [];
}

async function basicOrBearer({ token }: BackendContext<Options>): Promise<BackendSession> {
  const credential = await token();
  if (/^ApiKey /i.test(credential))
    throw new ConfigError(
      "the credential of this elasticsearch connection is an API key, and Elasticsearch lets such a key make keys without privileges only. Use <user>:<password>, or an access token of a user.",
    );
  if (!credential.includes(":")) return { headers: { authorization: `Bearer ${credential}` } };
  const encoded = Buffer.from(credential).toString("base64");
  return { headers: { authorization: `Basic ${encoded}` }, secrets: [credential.slice(credential.indexOf(":") + 1)] };
}

function toKey({ id, name, creation, expiration, invalidated, role_descriptors }: z.infer<typeof keySchema>): ApiKey {
  return defined({
    id,
    name,
    status: invalidated ? "revoked" : "active",
    scopes: scopesOf(role_descriptors ?? {}),
    createdAt: formatTime(creation),
    expiresAt: typeof expiration === "number" ? formatTime(expiration) : undefined,
  } as const);
}
