/**
 * Elasticsearch's API keys, from its serverless API document (2026-08-20): two users, each with its own keys. A key without role
 * descriptors gets all rights of its owner, an API key makes keys without privileges alone, a revoke tells in its body what
 * it did, and what was invalidated is told on.
 */
import { randomBytes } from "node:crypto";
import { type Answer, type Asked, fieldsOf, serve, type VendorDouble } from "./double";

interface Key {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly secret: string;
  readonly descriptors: object;
  readonly creation: number;
  readonly expiration: number | undefined;
  invalidated: boolean;
}

export interface ElasticsearchDouble extends VendorDouble {
  /** May manage its own keys. */
  readonly adminToken: string;
  /** Is accepted, and may not. */
  readonly weakToken: string;
  /** Answers 404 where there is no such key, in place of an empty list. */
  missesWith404: boolean;
  /** What the key of that secret may do; undefined where it opens nothing. */
  rightsOf(encoded: string): object | undefined;
  livingKeys(): readonly string[];
  /** Somebody's work: changes a key as an update does. */
  change(id: string, descriptors: object): void;
}

/** The document declares no refusal, and gives none a form. */
export const elasticsearchRefusals = { statuses: [400, 401, 403, 404] } as const;

interface Caller {
  readonly username: string;
  readonly type: "realm" | "api_key";
  readonly managesKeys: boolean;
}

export async function startElasticsearch(): Promise<ElasticsearchDouble> {
  const keys = new Map<string, Key>();
  const draw = () => randomBytes(16).toString("hex");
  const users = new Map([
    ["keymaker", { password: draw(), managesKeys: true }],
    ["watcher", { password: draw(), managesKeys: false }],
  ]);
  const encodedOf = ({ id, secret }: Key) => Buffer.from(`${id}:${secret}`).toString("base64");
  const isOver = ({ expiration }: Key) => expiration !== undefined && expiration <= Date.now();
  const keyOf = (encoded: string) =>
    [...keys.values()].find((key) => encodedOf(key) === encoded && !key.invalidated && !isOver(key));
  const callerOf = ({ headers }: Asked): Caller | undefined => {
    const [scheme, value = ""] = (headers.authorization ?? "").split(" ");
    if (scheme === "ApiKey") {
      const key = keyOf(value);
      return key && { username: key.owner, type: "api_key", managesKeys: true };
    }
    const [name = "", password = ""] = Buffer.from(value, "base64").toString("utf8").split(":");
    const user = scheme === "Basic" ? users.get(name) : undefined;
    return user?.password === password ? { username: name, type: "realm", managesKeys: user.managesKeys } : undefined;
  };
  const managing = (run: (caller: Caller, asked: Asked) => Answer) => (asked: Asked) => {
    const caller = callerOf(asked);
    if (caller?.managesKeys) return run(caller, asked);
    return refusal(403, "security_exception", "action is unauthorized for this user");
  };
  const told = (key: Key) => ({
    id: key.id,
    name: key.name,
    type: "rest",
    creation: key.creation,
    ...(key.expiration !== undefined && { expiration: key.expiration }),
    invalidated: key.invalidated,
    username: key.owner,
    realm: "native",
    metadata: {},
    role_descriptors: key.descriptors,
  });
  const create = managing((caller, { body }) => {
    const { name, expiration, role_descriptors: asked = {} } = fieldsOf(body);
    if (typeof name !== "string" || name === "")
      return refusal(400, "action_request_validation_exception", "name is required");
    if (caller.type === "api_key" && Object.keys(fieldsOf(asked)).length > 0)
      return refusal(
        400,
        "illegal_argument_exception",
        "creating derived api keys requires an explicit role descriptor that is empty",
      );
    const seconds = /^(\d+)s$/.exec(typeof expiration === "string" ? expiration : "")?.[1];
    if (expiration !== undefined && seconds === undefined)
      return refusal(400, "parse_exception", "failed to parse the expiration");
    const key: Key = {
      id: randomBytes(15).toString("base64url"),
      name,
      owner: caller.username,
      secret: randomBytes(16).toString("base64url"),
      descriptors: fieldsOf(asked),
      creation: Date.now(),
      expiration: seconds === undefined ? undefined : Date.now() + Number(seconds) * 1000,
      invalidated: false,
    };
    keys.set(key.id, key);
    const end = key.expiration === undefined ? {} : { expiration: key.expiration };
    return { status: 200, body: { id: key.id, name, ...end, api_key: key.secret, encoded: encodedOf(key) } };
  });

  const server = await serve({
    basePath: "",
    notFound: refusal(400, "illegal_argument_exception", "no handler found for uri"),
    refuse: (asked) =>
      callerOf(asked)
        ? undefined
        : refusal(401, "security_exception", "unable to authenticate the caller for this request"),
    routes: {
      "GET /_security/_authenticate": (asked) => {
        const caller = callerOf(asked);
        const realm = { name: "native", type: "native" };
        return {
          status: 200,
          body: {
            username: caller?.username,
            roles: [],
            full_name: null,
            email: null,
            metadata: {},
            enabled: true,
            authentication_realm: realm,
            lookup_realm: realm,
            authentication_type: caller?.type,
          },
        };
      },
      "POST /_security/api_key": create,
      "GET /_security/api_key": managing((caller, { query }) => {
        const id = query.get("id");
        // Whoever may only manage its own keys is told no others, with `owner` or without.
        const found = [...keys.values()].filter(
          (key) =>
            key.owner === caller.username &&
            (id === null || key.id === id) &&
            (query.get("active_only") !== "true" || !(key.invalidated || isOver(key))),
        );
        if (double.missesWith404 && id !== null && found.length === 0) return { status: 404, body: { api_keys: [] } };
        return { status: 200, body: { api_keys: found.map(told) } };
      }),
      "DELETE /_security/api_key": managing((caller, { body }) => {
        const { ids, owner } = fieldsOf(body);
        if (owner !== true) return refusal(403, "security_exception", "action is unauthorized for this user");
        const mine = (Array.isArray(ids) ? ids : []).flatMap((id) => keys.get(String(id)) ?? []);
        const known = mine.filter((key) => key.owner === caller.username);
        const living = known.filter((key) => !key.invalidated);
        for (const key of living) key.invalidated = true;
        return {
          status: 200,
          body: {
            invalidated_api_keys: living.map(({ id }) => id),
            previously_invalidated_api_keys: known.filter((key) => !living.includes(key)).map(({ id }) => id),
            error_count: 0,
          },
        };
      }),
    },
  });
  const credentialOf = (name: string) => `${name}:${users.get(name)?.password ?? ""}`;
  const double: ElasticsearchDouble = {
    ...server,
    adminToken: credentialOf("keymaker"),
    weakToken: credentialOf("watcher"),
    missesWith404: false,
    rightsOf: (encoded) => keyOf(encoded)?.descriptors,
    livingKeys: () => [...keys.values()].filter((key) => !key.invalidated).map(({ id }) => id),
    change: (id, descriptors) => {
      const key = keys.get(id);
      if (key) keys.set(id, { ...key, descriptors });
    },
  };
  return double;
}

function refusal(status: number, type: string, reason: string): Answer {
  return { status, body: { error: { root_cause: [{ type, reason }], type, reason }, status } };
}
