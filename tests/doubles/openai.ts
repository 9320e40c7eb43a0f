/**
 * One project of an OpenAI organization: its service accounts and their keys, from the organization's part of OpenAI's
 * API document (2026-08-21, with what the reference of 2026-11-17 adds). Accounts are born with a key, unless they are
 * asked not to be; lists are pages; nobody tells the scopes of a key.
 */
import { randomBytes } from "node:crypto";
import { type Answer, type Asked, fieldsOf, serve, type VendorDouble } from "./double";

interface Account {
  readonly id: string;
  name: string;
  role: string;
  readonly createdAt: number;
}

interface Key {
  readonly id: string;
  readonly account: Account;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly secret: string;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  lastUsedAt: number | null;
}

export interface OpenaiDouble extends VendorDouble {
  readonly project: string;
  readonly adminToken: string;
  /** An admin key that may read, and not write. */
  readonly weakToken: string;
  /** Uses a key on the data plane: its scopes, or undefined where it does not work. An empty list stands for all of them. */
  use(secret: string): readonly string[] | undefined;
  livingKeys(): readonly string[];
  /** Takes an account's access to the project, as an owner does in the settings. */
  takeAccess(accountId: string): void;
  /** Lets time pass. */
  advance(ms: number): void;
  /** From now on as the reference of 2026-08 has it: a single key of a service account is not deleted. */
  keepKeysOfAccounts(): void;
  /** From now on every account is born with a key, whatever was asked. */
  ignoreAccountOnly(): void;
}

/** The document declares none of these refusals, and no service can do without them. */
export const openaiRefusals = { statuses: [401, 403, 404], schema: "#/components/schemas/ErrorResponse" } as const;

const project = "proj_double";
const base = "/organization/projects/{project_id}";

export async function startOpenai(): Promise<OpenaiDouble> {
  const accounts = new Map<string, Account>();
  const keys = new Map<string, Key>();
  const withoutAccess = new Set<string>();
  const draw = (bytes: number) => randomBytes(bytes).toString("hex");
  const [adminToken, weakToken] = [`sk-admin-${draw(24)}`, `sk-admin-${draw(24)}`];
  let aheadMs = 0;
  let [keepsKeys, bornWithKey] = [false, false];
  const now = () => Math.floor((Date.now() + aheadMs) / 1000);

  const addKey = (account: Account, name: string, scopes: readonly string[], seconds: unknown): Key => {
    const expiresAt = typeof seconds === "number" ? now() + seconds : null;
    const secret = `sk-svcacct-${draw(32)}`;
    const key = { id: `key_${draw(8)}`, account, name, scopes, secret, createdAt: now(), expiresAt, lastUsedAt: null };
    keys.set(key.id, key);
    return key;
  };
  const hasAccess = ({ id, role }: Account) => accounts.has(id) && role !== "none" && !withoutAccess.has(id);
  const toldAccount = ({ id, name, role, createdAt }: Account) => ({
    ...{ object: "organization.project.service_account", id, name, role },
    created_at: createdAt,
  });
  const toldKey = (key: Key) => ({
    object: "organization.project.api_key",
    redacted_value: `sk-svcacct-***${key.secret.slice(-4)}`,
    ...{ id: key.id, name: key.name, created_at: key.createdAt, last_used_at: key.lastUsedAt },
    expires_at: key.expiresAt,
    owner_project_access: hasAccess(key.account) ? "active" : "inactive",
    owner: { type: "service_account", service_account: withoutObject(toldAccount(key.account)) },
  });
  const issued = (key: Key) => ({
    object: "organization.project.service_account.api_key",
    ...{ id: key.id, name: key.name, value: key.secret, created_at: key.createdAt, expires_at: key.expiresAt },
  });
  const inProject = (run: (asked: Asked) => Answer) => (asked: Asked) =>
    asked.parts[0] === project ? run(asked) : refusal(404, "No such project");
  const withAccount = (run: (account: Account, asked: Asked) => Answer) =>
    inProject((asked) => {
      const account = accounts.get(asked.parts[1] ?? "");
      return account ? run(account, asked) : refusal(404, "No such service account");
    });
  const withKey = (run: (key: Key) => Answer) =>
    inProject((asked) => {
      const key = keys.get(asked.parts[1] ?? "");
      return key ? run(key) : refusal(404, "No such API key");
    });

  const server = await serve({
    basePath: "/v1",
    notFound: refusal(404, "Unknown request URL"),
    refuse: ({ headers, method }) => {
      if (headers.authorization === `Bearer ${adminToken}`) return undefined;
      if (headers.authorization !== `Bearer ${weakToken}`) return refusal(401, "Incorrect API key provided");
      return method === "GET" ? undefined : refusal(403, "You have insufficient permissions for this operation");
    },
    routes: {
      [`POST ${base}/service_accounts`]: inProject(({ body }) => {
        const { name, create_service_account_only: only, expires_in_seconds: seconds } = fieldsOf(body);
        if (only === true && typeof seconds === "number") return refusal(400, "expires_in_seconds needs a key");
        const bare = only === true && !bornWithKey;
        const role = bare ? "none" : "member";
        const account = { id: `svc_acct_${draw(8)}`, name: String(name), role, createdAt: now() };
        accounts.set(account.id, account);
        const key = bare ? null : issued(addKey(account, "Secret Key", [], seconds));
        return { status: 200, body: { ...toldAccount(account), api_key: key } };
      }),
      [`GET ${base}/service_accounts`]: inProject((asked) => page([...accounts.values()], asked, toldAccount)),
      [`GET ${base}/service_accounts/{id}`]: withAccount((account) => ({ status: 200, body: toldAccount(account) })),
      [`POST ${base}/service_accounts/{id}`]: withAccount((account, { body }) => {
        const { name, role } = fieldsOf(body);
        if (typeof name === "string") account.name = name;
        if (typeof role === "string") account.role = role;
        return { status: 200, body: toldAccount(account) };
      }),
      [`DELETE ${base}/service_accounts/{id}`]: withAccount(({ id }) => {
        accounts.delete(id);
        for (const key of [...keys.values()]) if (key.account.id === id) keys.delete(key.id);
        return { status: 200, body: { object: "organization.project.service_account.deleted", id, deleted: true } };
      }),
      [`POST ${base}/service_accounts/{id}/api_keys`]: withAccount((account, { body }) => {
        const { name, scopes, expires_in_seconds: seconds } = fieldsOf(body);
        const key = addKey(
          account,
          typeof name === "string" ? name : "",
          Array.isArray(scopes) ? scopes.map(String) : [],
          seconds,
        );
        return { status: 200, body: issued(key) };
      }),
      [`GET ${base}/api_keys`]: inProject((asked) => {
        const access = asked.query.get("owner_project_access");
        const shown = [...keys.values()].filter(
          ({ account }) => access === "any" || hasAccess(account) === (access !== "inactive"),
        );
        return page(shown, asked, toldKey);
      }),
      [`GET ${base}/api_keys/{id}`]: withKey((key) => ({ status: 200, body: toldKey(key) })),
      [`DELETE ${base}/api_keys/{id}`]: withKey(({ id }) => {
        if (keepsKeys) return refusal(400, "API keys of service accounts cannot be deleted");
        keys.delete(id);
        return { status: 200, body: { object: "organization.project.api_key.deleted", id, deleted: true } };
      }),
    },
  });
  return {
    ...{ ...server, project, adminToken, weakToken },
    use(secret) {
      const key = [...keys.values()].find((each) => each.secret === secret);
      if (!key || !hasAccess(key.account) || (key.expiresAt ?? Infinity) <= now()) return undefined;
      key.lastUsedAt = now();
      return key.scopes;
    },
    livingKeys: () => [...keys.keys()],
    takeAccess: (id) => void withoutAccess.add(id),
    advance: (ms) => void (aheadMs += ms),
    keepKeysOfAccounts: () => void (keepsKeys = true),
    ignoreAccountOnly: () => void (bornWithKey = true),
  };
}

function withoutObject({ object: _object, ...others }: { readonly object: string }) {
  return others;
}

function page<Item extends { readonly id: string }>(
  all: readonly Item[],
  { query }: Asked,
  told: (item: Item) => unknown,
): Answer {
  const limit = Number(query.get("limit") ?? 20);
  const after = query.get("after");
  const start = after === null ? 0 : all.findIndex(({ id }) => id === after) + 1;
  const items = all.slice(start, start + limit);
  const [first, last] = [items[0]?.id ?? null, items.at(-1)?.id ?? null];
  const body = { object: "list", data: items.map(told), first_id: first, last_id: last };
  return { status: 200, body: { ...body, has_more: start + limit < all.length } };
}

function refusal(status: number, message: string): Answer {
  return { status, body: { error: { message, type: "invalid_request_error", param: null, code: null } } };
}
