/**
 * The API tokens of one Cloudflare account, from Cloudflare's API document and its SDK of 2026-08-18: tokens are made of
 * policies, which name permission groups by their ids; every answer says `success`; lists come in pages of at most 50.
 */
import { randomBytes } from "node:crypto";
import { type Answer, type Asked, fieldsOf, serve, type VendorDouble } from "./double";

interface Policy {
  readonly effect: string;
  readonly permission_groups: readonly { readonly id: string }[];
  readonly resources: unknown;
}

interface Token {
  readonly id: string;
  readonly name: string;
  readonly policies: readonly Policy[];
  status: "active" | "disabled";
  readonly value: string;
  readonly issuedOn: string;
  readonly expiresOn: string | undefined;
  lastUsedOn: string | undefined;
}

export interface CloudflareDouble extends VendorDouble {
  readonly account: string;
  readonly adminToken: string;
  /** A token that may do something else. */
  readonly weakToken: string;
  /** The policies of a token that works, by the names of their groups; undefined of one that does not. */
  use(value: string): readonly { readonly groups: readonly string[]; readonly resources: unknown }[] | undefined;
  livingKeys(): readonly string[];
  /** Sets a token's policies, or disables it, as somebody does on the dashboard. */
  edit(id: string, change: { readonly policies?: readonly Policy[]; readonly status?: "disabled" }): void;
  /** From now on a missing token is answered as a bad request, which the document allows as well. */
  answerMissingWith(status: number): void;
  advance(ms: number): void;
}

/** The document's refusals have to be a success and a failure at the same time: its own form of a failure, alone. */
export const cloudflareRepair = { statuses: ["4XX"], schema: "#/components/schemas/iam_api-response-common-failure" };

const [accountKind, zoneKind] = ["com.cloudflare.api.account", "com.cloudflare.api.account.zone"];
const account = "0123456789abcdef0123456789abcdef";
const tokens = "/accounts/{account_id}/tokens";

export const cloudflareGroups = [
  { id: "5bdbde7e76144204a244274eac3eb0eb", name: "Account API Tokens Write", scopes: [accountKind] },
  { id: "eb56a6953c034b9d97dd838155666f06", name: "Account API Tokens Read", scopes: [accountKind] },
  { id: "7cf72faf220841aabcfdfab81c43c4f6", name: "Billing Read", scopes: [accountKind] },
  { id: "1a71c399035b4950a1bd1466bbe4f420", name: "Workers Scripts Read", scopes: [accountKind] },
  { id: "e086da7e2179491d91ee5f35b3ca210a", name: "Workers Scripts Write", scopes: [accountKind] },
  { id: "c8fed203ed3043cba015a93ad1616f1f", name: "Zone Read", scopes: [zoneKind] },
  { id: "4755a26eedb94da69e1066d98aa820be", name: "DNS Write", scopes: [zoneKind] },
  { id: "2efd5506f9c8494dacb1fa10a3e7d5b6", name: "R2 Bucket Read", scopes: ["com.cloudflare.edge.r2.bucket"] },
] as const;

export async function startCloudflare(): Promise<CloudflareDouble> {
  const all = new Map<string, Token>();
  let aheadMs = 0;
  let missing = 404;
  const now = () => `${new Date(Date.now() + aheadMs).toISOString().slice(0, 19)}Z`;
  const add = (name: string, policies: readonly Policy[], expiresOn?: string): Token => {
    const [id, value] = [randomBytes(16).toString("hex"), randomBytes(30).toString("base64url")];
    const token: Token = {
      ...{ id, name, policies, status: "active", value, issuedOn: now() },
      ...{ expiresOn, lastUsedOn: undefined },
    };
    all.set(id, token);
    return token;
  };
  const groupNamed = (name: string) =>
    cloudflareGroups.filter((group) => group.name === name).map(({ id }) => ({ id }));
  const resources = { [`${accountKind}.${account}`]: "*" };
  const policy = (name: string): Policy => ({ effect: "allow", permission_groups: groupNamed(name), resources });
  const admin = add("admin", [policy("Account API Tokens Write")]);
  const weak = add("weak", [policy("Billing Read")]);

  const statusOf = ({ status, expiresOn }: Token) =>
    expiresOn !== undefined && expiresOn <= now() ? ("expired" as const) : status;
  const told = (token: Token) => ({
    ...{ id: token.id, name: token.name, status: statusOf(token), issued_on: token.issuedOn },
    ...{ modified_on: token.issuedOn, expires_on: token.expiresOn, last_used_on: token.lastUsedOn },
    policies: token.policies.map((each) => ({
      ...each,
      id: randomBytes(16).toString("hex"),
      permission_groups: each.permission_groups.map(({ id }) => ({
        ...{ id, name: cloudflareGroups.find((group) => group.id === id)?.name, meta: {} },
      })),
    })),
  });
  const bearer = ({ headers }: Asked) =>
    [...all.values()].find(
      (token) => headers.authorization === `Bearer ${token.value}` && statusOf(token) === "active",
    );
  const managed = (run: (asked: Asked) => Answer) => (asked: Asked) => {
    const mayManage = bearer(asked)?.policies.some(({ permission_groups: [group] }) => group?.id === groupId(0));
    if (!mayManage || asked.parts[0] !== account)
      return failure(403, 9109, "Unauthorized to access requested resource");
    return run(asked);
  };
  const withToken = (run: (token: Token) => Answer) =>
    managed(({ parts }) => {
      const token = all.get(parts[1] ?? "");
      return token ? run(token) : failure(missing, 1000, "Invalid API Token");
    });

  const server = await serve({
    basePath: "/client/v4",
    notFound: failure(404, 7003, "No route for the URI"),
    refuse: (asked) => (bearer(asked) ? undefined : failure(401, 1000, "Invalid API Token")),
    routes: {
      [`GET ${tokens}/verify`]: (asked) => {
        const token = bearer(asked);
        return token ? success({ id: token.id, status: statusOf(token) }) : failure(401, 1000, "Invalid API Token");
      },
      [`GET ${tokens}/permission_groups`]: managed(() => success(cloudflareGroups)),
      [`POST ${tokens}`]: managed(({ body }) => {
        const { name, policies, expires_on: end } = fieldsOf(body);
        const asked = policies as readonly Policy[];
        const known = asked.every(({ permission_groups: groups }) =>
          groups.every(({ id }) => cloudflareGroups.some((group) => group.id === id)),
        );
        if (!known || asked.length === 0) return failure(400, 1001, "Invalid policies");
        if (all.size >= 500) return failure(400, 1002, "Too many tokens");
        const token = add(String(name), asked, typeof end === "string" ? end : undefined);
        return success({ ...told(token), value: token.value });
      }),
      [`GET ${tokens}`]: managed(({ query }) => {
        const size = Number(query.get("per_page") ?? 20);
        const page = Number(query.get("page") ?? 1);
        const shown = [...all.values()].filter((token) => statusOf(token) !== "expired");
        const items = shown.slice((page - 1) * size, page * size);
        const info = { count: items.length, page, per_page: size, total_count: shown.length };
        return success(items.map(told), { result_info: info });
      }),
      [`GET ${tokens}/{id}`]: withToken((token) => success(told(token))),
      [`DELETE ${tokens}/{id}`]: withToken(({ id }) => {
        all.delete(id);
        return success({ id });
      }),
    },
  });
  return {
    ...{ ...server, account, adminToken: admin.value, weakToken: weak.value },
    use(value) {
      const token = [...all.values()].find((each) => each.value === value);
      if (!token || statusOf(token) !== "active") return undefined;
      token.lastUsedOn = now();
      return token.policies.map((each) => ({
        groups: each.permission_groups.map(({ id }) => cloudflareGroups.find((group) => group.id === id)?.name ?? id),
        resources: each.resources,
      }));
    },
    livingKeys: () => [...all.keys()],
    edit(id, change) {
      const token = all.get(id);
      if (token) all.set(id, { ...token, ...change });
    },
    answerMissingWith: (status) => void (missing = status),
    advance: (ms) => void (aheadMs += ms),
  };
}

function groupId(index: number): string | undefined {
  return cloudflareGroups[index]?.id;
}

function success(result: unknown, more: object = {}): Answer {
  return { status: 200, body: { success: true, errors: [], messages: [], result, ...more } };
}

function failure(status: number, code: number, message: string): Answer {
  return { status, body: { success: false, errors: [{ code, message }], messages: [], result: null } };
}
