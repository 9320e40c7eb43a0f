/**
 * Grafana's service accounts and their tokens, from its API client (2026-07-24) and its page of the service account API: one
 * organization. A token has no rights of its own, cannot be changed, and is told in lists alone.
 */
import { randomBytes } from "node:crypto";
import { type Answer, type Asked, fieldsOf, serve, type VendorDouble } from "./double";

interface Token {
  readonly id: number;
  readonly name: string;
  readonly secret: string;
  createdMs: number;
  endMs: number | undefined;
  usedMs: number | undefined;
}

interface Account {
  readonly id: number;
  name: string;
  role: string;
  disabled: boolean;
  readonly tokens: Map<number, Token>;
}

export interface GrafanaDouble extends VendorDouble {
  /** Of an account with the role Admin. */
  readonly adminToken: string;
  /** Of an account with the role Viewer. */
  readonly weakToken: string;
  /** Uses a token: whether it opens anything. */
  uses(secret: string): boolean;
  /** The ids of all living tokens. */
  livingKeys(): readonly string[];
  /** Somebody's work in Grafana's own pages. */
  disable(accountId: string): void;
  /** Makes all tokens older: lives are asked for in seconds from now, by the caller's clock. */
  age(ms: number): void;
}

const roles = ["None", "Viewer", "Editor", "Admin"];

export async function startGrafana(): Promise<GrafanaDouble> {
  const accounts = new Map<number, Account>();
  let lastId = 0;
  const nextId = () => (lastId += 1);
  const addAccount = (name: string, role: string): Account => {
    const account = { id: nextId(), name, role, disabled: false, tokens: new Map<number, Token>() };
    accounts.set(account.id, account);
    return account;
  };
  const addToken = (account: Account, name: string, lifeSeconds: number): Token => {
    const secret = `glsa_${randomBytes(16).toString("hex")}_${randomBytes(4).toString("hex")}`;
    const endMs = lifeSeconds === 0 ? undefined : Date.now() + lifeSeconds * 1000;
    const token = { id: nextId(), name, secret, createdMs: Date.now(), endMs, usedMs: undefined };
    account.tokens.set(token.id, token);
    return token;
  };
  const admin = addToken(addAccount("provisioner", "Admin"), "admin", 0);
  const weak = addToken(addAccount("watcher", "Viewer"), "weak", 0);

  const isOver = ({ endMs }: Token) => endMs !== undefined && endMs <= Date.now();
  const holderOf = (secret: string | undefined): Account | undefined => {
    for (const account of accounts.values())
      for (const token of account.tokens.values())
        if (token.secret === secret && !isOver(token) && !account.disabled) {
          token.usedMs = Date.now();
          return account;
        }
    return undefined;
  };
  const bearer = ({ headers }: Asked) => /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1];
  const time = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());
  const told = ({ id, name, role, disabled, tokens }: Account) => ({
    id,
    uid: `uid${id}`,
    name,
    login: `sa-1-${name}`.toLowerCase().slice(0, 40),
    orgId: 1,
    role,
    isDisabled: disabled,
    tokens: tokens.size,
  });
  const withAccount = (run: (account: Account, asked: Asked) => Answer) => (asked: Asked) => {
    const account = accounts.get(Number(asked.parts[0]));
    return account ? run(account, asked) : refusal(404, "service account not found");
  };

  const server = await serve({
    basePath: "/api",
    notFound: refusal(404, "Not found"),
    refuse: (asked) => {
      const holder = holderOf(bearer(asked));
      if (!holder) return refusal(401, "Invalid API key");
      return holder.role === "Admin"
        ? undefined
        : refusal(403, "You'll need additional permissions to perform this action.");
    },
    routes: {
      "POST /serviceaccounts": ({ body }) => {
        const { name, role = "Viewer", isDisabled } = fieldsOf(body);
        if (typeof name !== "string" || name === "") return refusal(400, "Service account name cannot be blank.");
        if (typeof role !== "string" || !roles.includes(role)) return refusal(400, "invalid role specified");
        const account = addAccount(name, role);
        account.disabled = isDisabled === true;
        return { status: 201, body: told(account) };
      },
      "GET /serviceaccounts/search": ({ query }) => {
        const page = Number(query.get("page") ?? 1);
        const perPage = Number(query.get("perpage") ?? 1000);
        const words = (query.get("query") ?? "").toLowerCase();
        const found = [...accounts.values()].filter(({ name }) => name.toLowerCase().includes(words));
        const serviceAccounts = found.slice((page - 1) * perPage, page * perPage).map(told);
        return { status: 200, body: { totalCount: found.length, serviceAccounts, page, perPage } };
      },
      "GET /serviceaccounts/{serviceAccountId}": withAccount((account) => ({ status: 200, body: told(account) })),
      "PATCH /serviceaccounts/{serviceAccountId}": withAccount((account, { body }) => {
        const { name, role, isDisabled } = fieldsOf(body);
        if (role !== undefined && !(typeof role === "string" && roles.includes(role)))
          return refusal(400, "invalid role specified");
        if (typeof name === "string") account.name = name;
        if (typeof role === "string") account.role = role;
        if (typeof isDisabled === "boolean") account.disabled = isDisabled;
        const { id, name: renamed } = account;
        return {
          status: 200,
          body: { message: "Service account updated", id, name: renamed, serviceaccount: told(account) },
        };
      }),
      "DELETE /serviceaccounts/{serviceAccountId}": withAccount(({ id }) => {
        accounts.delete(id);
        return { status: 200, body: { message: "Service account deleted" } };
      }),
      "GET /serviceaccounts/{serviceAccountId}/tokens": ({ parts }) => ({
        status: 200,
        // Of an account that is not there, nothing but an empty list is said.
        body: [...(accounts.get(Number(parts[0]))?.tokens.values() ?? [])].map((token) => ({
          id: token.id,
          name: token.name,
          created: time(token.createdMs),
          ...(token.endMs !== undefined && { expiration: time(token.endMs) }),
          ...(token.usedMs !== undefined && { lastUsedAt: time(token.usedMs) }),
          secondsUntilExpiration: token.endMs === undefined ? 0 : Math.max(0, (token.endMs - Date.now()) / 1000),
          hasExpired: isOver(token),
          isRevoked: false,
        })),
      }),
      "POST /serviceaccounts/{serviceAccountId}/tokens": withAccount((account, { body }) => {
        const { name, secondsToLive = 0 } = fieldsOf(body);
        if (typeof name !== "string" || name === "") return refusal(400, "Token name cannot be blank.");
        if (typeof secondsToLive !== "number" || secondsToLive < 0)
          return refusal(400, "Number of seconds is negative");
        if ([...account.tokens.values()].some((token) => token.name === name))
          return refusal(409, "service account token with given name already exists");
        const { id, secret } = addToken(account, name, secondsToLive);
        return { status: 200, body: { id, name, key: secret } };
      }),
      "DELETE /serviceaccounts/{serviceAccountId}/tokens/{tokenId}": withAccount((account, { parts }) =>
        account.tokens.delete(Number(parts[1]))
          ? { status: 200, body: { message: "Service account token deleted" } }
          : refusal(404, "service account token not found"),
      ),
    },
  });
  return {
    ...server,
    adminToken: admin.secret,
    weakToken: weak.secret,
    uses: (secret) => holderOf(secret) !== undefined,
    livingKeys: () => [...accounts.values()].flatMap(({ tokens }) => [...tokens.keys()].map(String)),
    disable: (id) => {
      const account = accounts.get(Number(id));
      if (account) account.disabled = true;
    },
    age: (ms) => {
      for (const token of [...accounts.values()].flatMap(({ tokens }) => [...tokens.values()])) {
        token.createdMs -= ms;
        if (token.endMs !== undefined) token.endMs -= ms;
        if (token.usedMs !== undefined) token.usedMs -= ms;
      }
    },
  };
}

function refusal(status: number, message: string): Answer {
  return { status, body: { message } };
}
