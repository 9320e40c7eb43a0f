/**
 * Confluent Cloud's service accounts and API keys, from its API document (2026-08-06) and its page of API keys: accounts with names that are
 * taken once, and keys that open nothing for a while after they were made.
 */
import { randomBytes } from "node:crypto";
import { type Answer, type Asked, fieldsOf, serve, type VendorDouble } from "./double";

interface Key {
  readonly id: string;
  name: string;
  description: string;
  readonly owner: string;
  readonly resource: { readonly id: string; readonly environment: string | undefined } | undefined;
  readonly secret: string;
  readonly createdAt: string;
  /** How often it is asked for, or asks, in vain. */
  asleep: number;
}

interface Account {
  readonly id: string;
  readonly name: string;
  description: string;
  readonly createdAt: string;
}

export interface ConfluentDouble extends VendorDouble {
  /** `<key>:<secret>` of a Cloud API key that may manage accounts and keys. */
  readonly adminToken: string;
  /** Is accepted, and may not. */
  readonly weakToken: string;
  /** Whether the key of that id and secret opens its resource. */
  opens(id: string | undefined, secret: string): boolean;
  livingKeys(): readonly string[];
  /** What the key is for: a resource's id; undefined = the Cloud API. */
  resourceOf(id: string): string | undefined;
  /** New keys are asked for in vain that often. */
  delay(times: number): void;
}

const origin = "https://api.confluent.cloud";

export async function startConfluent(): Promise<ConfluentDouble> {
  const accounts = new Map<string, Account>();
  const keys = new Map<string, Key>();
  let asleep = 0;
  const draw = (bytes: number) => randomBytes(bytes).toString("hex");
  const addKey = (owner: string, spec: Readonly<Record<string, unknown>>): Key => {
    const { display_name, description, resource } = spec;
    const asked = fieldsOf(resource);
    const key: Key = {
      id: draw(8).toUpperCase(),
      name: typeof display_name === "string" ? display_name : "",
      description: typeof description === "string" ? description : "",
      owner,
      resource:
        typeof asked.id === "string"
          ? { id: asked.id, environment: typeof asked.environment === "string" ? asked.environment : undefined }
          : undefined,
      secret: `cflt${draw(30)}`,
      createdAt: new Date().toISOString(),
      asleep,
    };
    keys.set(key.id, key);
    return key;
  };
  const admin = addKey("u-admin", { display_name: "admin" });
  const weak = addKey("u-weak", { display_name: "weak" });
  const callerOf = ({ headers }: Asked): Key | undefined => {
    const [, encoded = ""] = (headers.authorization ?? "").split(" ");
    const [id = "", secret] = Buffer.from(encoded, "base64").toString("utf8").split(":");
    const key = keys.get(id);
    if (key?.secret !== secret || key?.resource !== undefined) return undefined;
    return key && key.asleep > 0 ? void (key.asleep -= 1) : key;
  };

  const meta = (kind: string, id: string, createdAt: string) => ({
    self: `${origin}/iam/v2/${kind}/${id}`,
    resource_name: `crn://confluent.cloud/${kind}=${id}`,
    created_at: createdAt,
    updated_at: createdAt,
  });
  const reference = (kind: string, id: string) => ({
    id,
    related: `${origin}/iam/v2/${kind}/${id}`,
    resource_name: `crn://confluent.cloud/${kind}=${id}`,
  });
  const toldKey = ({ id, name, description, owner, resource, createdAt }: Key, more: object = {}) => ({
    api_version: "iam/v2",
    kind: "ApiKey",
    id,
    metadata: meta("api-keys", id, createdAt),
    spec: {
      ...more,
      display_name: name,
      description,
      owner: reference("service-accounts", owner),
      ...(resource && {
        resource: {
          ...reference("clusters", resource.id),
          ...(resource.environment !== undefined && { environment: resource.environment }),
        },
      }),
    },
  });
  const toldAccount = ({ id, name, description, createdAt }: Account) => ({
    api_version: "iam/v2",
    kind: "ServiceAccount",
    id,
    metadata: meta("service-accounts", id, createdAt),
    display_name: name,
    description,
  });
  const page = (kind: string, place: string, items: readonly object[], { query }: Asked): Answer => {
    const size = Number(query.get("page_size") ?? 10);
    const from = Number(query.get("page_token") ?? 0);
    const next = from + size < items.length ? `${origin}${place}?page_size=${size}&page_token=${from + size}` : null;
    const metadata = { next, total_size: items.length };
    return { status: 200, body: { api_version: "iam/v2", kind, metadata, data: items.slice(from, from + size) } };
  };
  const existing =
    <Thing>(things: ReadonlyMap<string, Thing>, run: (thing: Thing, asked: Asked) => Answer) =>
    (asked: Asked) => {
      const thing = things.get(asked.parts[0] ?? "");
      return thing ? run(thing, asked) : refusal(404, "not_found", "The resource was not found");
    };

  const server = await serve({
    basePath: "",
    notFound: refusal(404, "not_found", "Not found"),
    refuse: (asked) => {
      const caller = callerOf(asked);
      if (!caller) return refusal(401, "user_unauthenticated", "Valid authentication credentials must be provided");
      return caller.id === admin.id ? undefined : refusal(403, "user_unauthorized", "The user is not authorized");
    },
    routes: {
      "POST /iam/v2/api-keys": ({ body }) => {
        const spec = fieldsOf(fieldsOf(body).spec);
        const owner = fieldsOf(spec.owner).id;
        if (typeof owner !== "string" || !accounts.has(owner))
          return refusal(400, "invalid_owner", "The owner is unknown");
        const key = addKey(owner, spec);
        return { status: 202, body: toldKey(key, { secret: key.secret }) };
      },
      "GET /iam/v2/api-keys": (asked) => {
        const owner = asked.query.get("spec.owner");
        const found = [...keys.values()].filter((key) => owner === null || key.owner === owner);
        return page(
          "ApiKeyList",
          "/iam/v2/api-keys",
          found.map((key) => toldKey(key)),
          asked,
        );
      },
      "GET /iam/v2/api-keys/{id}": existing(keys, (key) => {
        if (key.resource && key.asleep > 0) {
          key.asleep -= 1;
          return refusal(404, "not_found", "The resource was not found");
        }
        return { status: 200, body: toldKey(key) };
      }),
      "PATCH /iam/v2/api-keys/{id}": existing(keys, (key, { body }) => {
        const { display_name, description } = fieldsOf(fieldsOf(body).spec);
        if (typeof display_name === "string") key.name = display_name;
        if (typeof description === "string") key.description = description;
        return { status: 200, body: toldKey(key) };
      }),
      "DELETE /iam/v2/api-keys/{id}": existing(keys, ({ id }) => {
        keys.delete(id);
        return { status: 204 };
      }),
      "POST /iam/v2/service-accounts": ({ body }) => {
        const { display_name, description } = fieldsOf(body);
        if (typeof display_name !== "string" || display_name === "")
          return refusal(400, "invalid_name", "display_name is missing");
        if ([...accounts.values()].some(({ name }) => name === display_name))
          return refusal(409, "resource_already_exists", "A service account of that name exists");
        const account: Account = {
          id: `sa-${draw(4)}`,
          name: display_name,
          description: typeof description === "string" ? description : "",
          createdAt: new Date().toISOString(),
        };
        accounts.set(account.id, account);
        return { status: 201, body: toldAccount(account) };
      },
      "GET /iam/v2/service-accounts": (asked) => {
        const name = asked.query.get("display_name");
        const found = [...accounts.values()].filter((account) => name === null || account.name === name);
        return page("ServiceAccountList", "/iam/v2/service-accounts", found.map(toldAccount), asked);
      },
      "GET /iam/v2/service-accounts/{id}": existing(accounts, (account) => ({
        status: 200,
        body: toldAccount(account),
      })),
      "PATCH /iam/v2/service-accounts/{id}": existing(accounts, (account, { body }) => {
        const { description } = fieldsOf(body);
        if (typeof description === "string") account.description = description;
        return { status: 200, body: toldAccount(account) };
      }),
      "DELETE /iam/v2/service-accounts/{id}": existing(accounts, ({ id }) => {
        accounts.delete(id);
        for (const key of keys.values()) if (key.owner === id) keys.delete(key.id);
        return { status: 204 };
      }),
    },
  });
  const credentialOf = ({ id, secret }: Key) => `${id}:${secret}`;
  return {
    ...server,
    adminToken: credentialOf(admin),
    weakToken: credentialOf(weak),
    opens(id = "", secret) {
      const key = keys.get(id);
      return key?.secret === secret && key?.asleep === 0;
    },
    livingKeys: () => [...keys.keys()],
    resourceOf: (id) => keys.get(id)?.resource?.id,
    delay: (times) => {
      asleep = times;
    },
  };
}

function refusal(status: number, code: string, detail: string): Answer {
  return { status, body: { errors: [{ id: "1", status: String(status), code, title: code, detail }] } };
}
