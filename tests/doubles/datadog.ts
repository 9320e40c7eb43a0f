/**
 * A Datadog organization's users, service accounts and their keys, from Datadog's API documents (v2, 2026-04-14, and the
 * access tokens of 2026-08-21): accounts are users and only ever disabled, lists come in numbered pages, a key without
 * scopes may do everything.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { type Answer, type Asked, fieldsOf, serve, type VendorDouble } from "./double";

interface User {
  readonly id: string;
  name: string;
  readonly email: string;
  readonly isAccount: boolean;
  disabled: boolean;
  readonly roles: readonly string[];
  readonly createdAt: string;
}

interface Key {
  readonly id: string;
  readonly owner: User;
  name: string;
  readonly scopes: readonly string[] | null;
  readonly secret: string;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  lastUsedAt: string | null;
}

export interface DatadogDouble extends VendorDouble {
  /** `<API key>:<application key>` of an administrator. */
  readonly adminToken: string;
  /** Of somebody who may read, and no more. */
  readonly weakToken: string;
  /** The scopes of a key that works (null: everything), undefined of one that does not. */
  use(secret: string): readonly string[] | null | undefined;
  livingKeys(): readonly string[];
  /** Disables an account, as an administrator does. */
  disable(accountId: string): void;
  /** All users, those that are disabled as well. */
  users(): readonly { readonly id: string; readonly name: string; readonly disabled: boolean }[];
  advance(ms: number): void;
}

/** Left out where a key is made for an account that is not there. */
export const datadogRefusals = { statuses: [404], schema: "#/components/schemas/APIErrorResponse" } as const;

const accountPath = "/api/v2/service_accounts/{id}";

export async function startDatadog(): Promise<DatadogDouble> {
  const users = new Map<string, User>();
  const kinds = { access_tokens: new Map<string, Key>(), application_keys: new Map<string, Key>() };
  const draw = (bytes: number) => randomBytes(bytes).toString("hex");
  const apiKey = draw(16);
  const [adminKey, weakKey] = [`ddap_${draw(20)}`, `ddap_${draw(20)}`];
  let aheadMs = 0;
  const now = () => new Date(Date.now() + aheadMs).toISOString();
  const addUser = (facts: Pick<User, "name" | "email" | "isAccount" | "roles">): User => {
    const user = { ...facts, id: randomUUID(), disabled: false, createdAt: now() };
    users.set(user.id, user);
    return user;
  };
  addUser({ name: "Jane Doe", email: "jane.doe@example.com", isAccount: false, roles: [] });

  const toldUser = ({ id, name, email, isAccount, disabled, roles, createdAt }: User) => ({
    ...{ id, type: "users" },
    attributes: {
      ...{ name, email, handle: email, disabled, status: disabled ? "Disabled" : "Active" },
      ...{ service_account: isAccount, created_at: createdAt },
    },
    relationships: { roles: { data: roles.map((role) => ({ id: role, type: "roles" })) } },
  });
  const withAccount = (run: (account: User, asked: Asked) => Answer) => (asked: Asked) => {
    const user = users.get(asked.parts[0] ?? "");
    return user?.isAccount ? run(user, asked) : refusal(404, "Service account not found");
  };
  const withUser = (run: (user: User, asked: Asked) => Answer) => (asked: Asked) => {
    const user = users.get(asked.parts[0] ?? "");
    return user ? run(user, asked) : refusal(404, "User not found");
  };
  const keyRoutes = (kind: keyof typeof kinds, type: string) => {
    const keys = kinds[kind];
    const isToken = kind === "access_tokens";
    const told = (key: Key) => ({
      ...{ id: key.id, type },
      attributes: {
        ...{ name: key.name, scopes: key.scopes, created_at: key.createdAt, last_used_at: key.lastUsedAt },
        ...(isToken
          ? { expires_at: key.expiresAt, public_portion: key.id.slice(0, 8) }
          : { last4: key.secret.slice(-4) }),
      },
      relationships: { owned_by: { data: { id: key.owner.id, type: "users" } } },
    });
    const withKey = (run: (key: Key, asked: Asked) => Answer) =>
      withAccount((account, asked) => {
        const key = keys.get(asked.parts[1] ?? "");
        return key?.owner === account ? run(key, asked) : refusal(404, "Not found");
      });
    return {
      [`POST ${accountPath}/${kind}`]: withAccount((owner, { body }) => {
        const { name, scopes, expires_at: end } = attributesOf(body);
        const expiresAt = typeof end === "string" ? end : null;
        if (Date.parse(expiresAt ?? now()) - Date.parse(now()) > 365 * 24 * 3_600_000)
          return refusal(400, "expires_at is more than 365 days away");
        const key: Key = {
          ...{ id: randomUUID(), owner, name: String(name), secret: `dd${isToken ? "sat" : "ap"}_${draw(20)}` },
          scopes: Array.isArray(scopes) && scopes.length > 0 ? scopes.map(String) : null,
          ...{ createdAt: now(), expiresAt, lastUsedAt: null },
        };
        keys.set(key.id, key);
        const { attributes, ...others } = told(key);
        const { last_used_at: used, ...facts } = attributes;
        const shown = isToken ? facts : { ...facts, last_used_at: used };
        const data = isToken ? others : { ...others, relationships: ownedBy(owner) };
        return { status: 201, body: { data: { ...data, attributes: { ...shown, key: key.secret } } } };
      }),
      [`GET ${accountPath}/${kind}`]: withAccount((owner, asked) =>
        page(
          [...keys.values()].filter((key) => key.owner === owner),
          asked,
          told,
        ),
      ),
      [`GET ${accountPath}/${kind}/{key}`]: withKey((key) => ({ status: 200, body: { data: told(key) } })),
      [`PATCH ${accountPath}/${kind}/{key}`]: withKey((key, { body }) => {
        const { name } = attributesOf(body);
        if (typeof name === "string") key.name = name;
        return { status: 200, body: { data: told(key) } };
      }),
      [`DELETE ${accountPath}/${kind}/{key}`]: withKey(({ id }) => {
        keys.delete(id);
        return { status: 204 };
      }),
    };
  };

  const server = await serve({
    basePath: "",
    notFound: refusal(404, "Not found"),
    refuse: ({ headers, method }) => {
      const key = headers["dd-application-key"];
      if (headers["dd-api-key"] !== apiKey || (key !== adminKey && key !== weakKey)) return refusal(403, "Forbidden");
      return key === weakKey && method !== "GET" ? refusal(403, "Forbidden") : undefined;
    },
    routes: {
      "POST /api/v2/service_accounts": ({ body }) => {
        const { name, email, service_account: isAccount } = attributesOf(body);
        if (isAccount !== true) return refusal(400, "service_account must be true");
        const roles = rolesOf(body);
        const user = addUser({ name: typeof name === "string" ? name : "", email: String(email), isAccount, roles });
        return { status: 201, body: { data: toldUser(user) } };
      },
      "GET /api/v2/users": (asked) => page([...users.values()], asked, toldUser),
      "GET /api/v2/users/{id}": withUser((user) => ({ status: 200, body: { data: toldUser(user) } })),
      "PATCH /api/v2/users/{id}": withUser((user, { body }) => {
        const { name, disabled } = attributesOf(body);
        if (typeof name === "string") user.name = name;
        if (typeof disabled === "boolean") user.disabled = disabled;
        return { status: 200, body: { data: toldUser(user) } };
      }),
      ...keyRoutes("access_tokens", "service_access_tokens"),
      ...keyRoutes("application_keys", "application_keys"),
    },
  });
  const everyKey = () => Object.values(kinds).flatMap((keys) => [...keys.values()]);
  return {
    ...server,
    ...{ adminToken: `${apiKey}:${adminKey}`, weakToken: `${apiKey}:${weakKey}` },
    use(secret) {
      const key = everyKey().find((each) => each.secret === secret);
      if (!key || key.owner.disabled || (key.expiresAt !== null && key.expiresAt <= now())) return undefined;
      key.lastUsedAt = now();
      return key.scopes;
    },
    livingKeys: () => everyKey().map(({ id }) => id),
    disable(id) {
      const user = users.get(id);
      if (user) user.disabled = true;
    },
    users: () => [...users.values()],
    advance: (ms) => void (aheadMs += ms),
  };
}

function ownedBy({ id }: User) {
  return { owned_by: { data: { id, type: "users" } } };
}

function attributesOf(body: unknown) {
  return fieldsOf(fieldsOf(fieldsOf(body).data).attributes);
}

function rolesOf(body: unknown): string[] {
  const { data } = fieldsOf(fieldsOf(fieldsOf(fieldsOf(body).data).relationships).roles);
  return Array.isArray(data) ? data.map((role) => String(fieldsOf(role).id)) : [];
}

function page<Item>(all: readonly Item[], { query }: Asked, told: (item: Item) => unknown): Answer {
  const size = Math.min(Number(query.get("page[size]") ?? 10), 100);
  const start = Number(query.get("page[number]") ?? 0) * size;
  const meta = { page: { total_filtered_count: all.length } };
  return { status: 200, body: { data: all.slice(start, start + size).map(told), meta } };
}

function refusal(status: number, message: string): Answer {
  return { status, body: { errors: [message] } };
}
