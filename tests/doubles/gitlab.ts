/**
 * GitLab's tokens, from its pages on service accounts, group and project access tokens (2026-11-25): one top-level group with its
 * service accounts, and one project. Tokens end at the beginning of a day, stay in the lists when they are revoked, and cannot be changed.
 */
import { randomBytes } from "node:crypto";
import { type Answer, type Asked, fieldsOf, serve, type VendorDouble } from "./double";

interface Token {
  readonly id: number;
  readonly name: string;
  readonly description: string | null;
  readonly scopes: readonly string[];
  readonly level: number | undefined;
  readonly createdMs: number;
  /** Such as `2027-01-31`; null = never. */
  readonly endsOn: string | null;
  readonly secret: string;
  revoked: boolean;
  usedMs: number | undefined;
}

interface Account {
  readonly id: number;
  name: string;
  readonly tokens: Token[];
}

export interface GitlabDouble extends VendorDouble {
  readonly adminToken: string;
  /** Is accepted, and may read alone. */
  readonly weakToken: string;
  /** Uses a token: whether it opens anything. */
  uses(secret: string): boolean;
  livingKeys(): readonly string[];
  /** The access level of a token of the group or the project. */
  levelOf(tokenId: string): number | undefined;
  /** What time it is there. */
  nowMs(): number;
  advance(ms: number): void;
}

const dayMs = 24 * 60 * 60 * 1000;
const longestDays = 365;
const group = "acme";
const project = "acme%2Fshop";

export async function startGitlab(): Promise<GitlabDouble> {
  const accounts = new Map<number, Account>();
  /** Of the group and of the project themselves. */
  const own: Readonly<Record<string, Token[]>> = { [group]: [], [project]: [] };
  const [adminToken, weakToken] = ["admin", "weak"].map(() => `glpat-${randomBytes(15).toString("base64url")}`) as [
    string,
    string,
  ];
  let aheadMs = 0;
  let lastId = 100;
  const now = () => Date.now() + aheadMs;
  const nextId = () => (lastId += 1);
  const isOver = ({ endsOn }: Token) => endsOn !== null && Date.parse(endsOn) <= now();
  const isActive = (token: Token) => !token.revoked && !isOver(token);
  const everyToken = () => [...[...accounts.values()].map(({ tokens }) => tokens), ...Object.values(own)].flat();

  const told = (token: Token) => ({
    id: token.id,
    name: token.name,
    description: token.description,
    revoked: token.revoked,
    active: isActive(token),
    scopes: token.scopes,
    user_id: 1,
    created_at: new Date(token.createdMs).toISOString(),
    last_used_at: token.usedMs === undefined ? null : new Date(token.usedMs).toISOString(),
    expires_at: token.endsOn,
    ...(token.level !== undefined && { access_level: token.level }),
  });
  const page = <Item>(items: readonly Item[], { query }: Asked): Item[] => {
    const size = Math.min(100, Number(query.get("per_page") ?? 20));
    return items.slice((Number(query.get("page") ?? 1) - 1) * size).slice(0, size);
  };
  const list = (tokens: readonly Token[], asked: Asked): Answer => {
    const [words, state] = [asked.query.get("search") ?? "", asked.query.get("state")];
    const found = tokens.filter(
      (token) => token.name.includes(words) && (state === null || (state === "active") === isActive(token)),
    );
    return { status: 200, body: page(found, asked).map(told) };
  };
  const create = (tokens: Token[], { body }: Asked, hasLevel: boolean): Answer => {
    const { name, scopes, description, expires_at, access_level } = fieldsOf(body);
    if (typeof name !== "string" || name === "") return refusal(400, "name is missing");
    if (!Array.isArray(scopes) || scopes.length === 0) return refusal(400, "scopes is missing");
    const longest = now() + longestDays * dayMs;
    const endsOn = typeof expires_at === "string" ? expires_at : new Date(longest).toISOString().slice(0, 10);
    if (Date.parse(endsOn) > longest) return refusal(400, "Expiration date must be before the maximum lifetime");
    const token: Token = {
      id: nextId(),
      name,
      description: typeof description === "string" ? description : null,
      scopes: scopes.map(String),
      level: hasLevel ? Number(access_level ?? 40) : undefined,
      createdMs: now(),
      endsOn,
      secret: `glpat-${randomBytes(15).toString("base64url")}`,
      revoked: false,
      usedMs: undefined,
    };
    tokens.push(token);
    return { status: 201, body: { ...told(token), token: token.secret } };
  };
  const revoke = (tokens: readonly Token[], id: string | undefined): Answer => {
    const token = tokens.find((each) => String(each.id) === id);
    if (!token || token.revoked) return refusal(404, "404 Token Not Found");
    token.revoked = true;
    return { status: 204 };
  };
  const withAccount = (run: (account: Account, asked: Asked) => Answer) => (asked: Asked) => {
    const account = asked.parts[0] === group ? accounts.get(Number(asked.parts[1])) : undefined;
    return account ? run(account, asked) : refusal(404, "404 User Not Found");
  };
  const inGroup = (run: (asked: Asked) => Answer) => (asked: Asked) =>
    asked.parts[0] === group ? run(asked) : refusal(404, "404 Group Not Found");
  /** Of a group or a project itself. */
  const tokensOf = (run: (tokens: Token[], asked: Asked) => Answer) => (asked: Asked) => {
    const tokens = own[encodeURIComponent(asked.parts[0] ?? "")];
    return tokens ? run(tokens, asked) : refusal(404, "404 Not Found");
  };
  const ownRoutes = (kind: string) => ({
    [`GET /${kind}/{id}/access_tokens`]: tokensOf(list),
    [`POST /${kind}/{id}/access_tokens`]: tokensOf((tokens, asked) => create(tokens, asked, true)),
    [`DELETE /${kind}/{id}/access_tokens/{token_id}`]: tokensOf((tokens, { parts }) => revoke(tokens, parts[1])),
  });
  const isToken = (secret: unknown) => (token: Token) => token.secret === secret && isActive(token);
  /** The token of a person, as which both credentials are told. */
  const personal: Token = {
    ...{ id: 1, name: "a person's", description: null, scopes: ["api"], level: undefined, createdMs: now() },
    ...{ endsOn: null, secret: adminToken, revoked: false, usedMs: undefined },
  };
  const account = ({ id, name }: Account) => ({ id, username: `service_account_${id}`, name });
  const tokensOfAccount = "/groups/{id}/service_accounts/{user_id}/personal_access_tokens";

  const server = await serve({
    basePath: "/api/v4",
    notFound: { status: 404, body: { error: "404 Not Found" } },
    refuse: ({ headers, method, path }) => {
      const given = headers["private-token"];
      // Any token may ask what it is; no other than the two of people may do more here.
      if (path === "/personal_access_tokens/self" && everyToken().some(isToken(given))) return undefined;
      if (given !== adminToken && given !== weakToken) return refusal(401, "401 Unauthorized");
      return given === weakToken && method !== "GET" ? refusal(403, "403 Forbidden") : undefined;
    },
    routes: {
      "GET /personal_access_tokens/{id}": ({ headers, parts }) => {
        const token = everyToken().find(isToken(headers["private-token"]));
        if (parts[0] !== "self") return refusal(401, "401 Unauthorized");
        const owner = [...accounts.values()].find(({ tokens }) => token && tokens.includes(token))?.id ?? 1;
        const { access_level: _level, ...facts } = told(token ?? personal);
        return { status: 200, body: { ...facts, user_id: owner } };
      },
      "GET /groups/{id}/service_accounts": inGroup((asked) => ({
        status: 200,
        body: page([...accounts.values()], asked).map(account),
      })),
      "POST /groups/{id}/service_accounts": inGroup(({ body }) => {
        const { name } = fieldsOf(body);
        const made = { id: nextId(), name: typeof name === "string" ? name : "Service account user", tokens: [] };
        accounts.set(made.id, made);
        return { status: 201, body: account(made) };
      }),
      "PATCH /groups/{id}/service_accounts/{user_id}": withAccount((changed, { body }) => {
        const { name } = fieldsOf(body);
        if (typeof name === "string") changed.name = name;
        return { status: 200, body: account(changed) };
      }),
      "DELETE /groups/{id}/service_accounts/{user_id}": withAccount(({ id }) => {
        accounts.delete(id);
        return { status: 204 };
      }),
      [`GET ${tokensOfAccount}`]: withAccount(({ tokens }, asked) => list(tokens, asked)),
      [`POST ${tokensOfAccount}`]: withAccount(({ tokens }, asked) => create(tokens, asked, false)),
      [`DELETE ${tokensOfAccount}/{token_id}`]: withAccount(({ tokens }, { parts }) => revoke(tokens, parts[2])),
      ...ownRoutes("groups"),
      ...ownRoutes("projects"),
    },
  });
  return {
    ...server,
    adminToken,
    weakToken,
    uses(secret) {
      const token = everyToken().find((each) => each.secret === secret && isActive(each));
      if (token) token.usedMs = now();
      return token !== undefined;
    },
    livingKeys: () =>
      everyToken()
        .filter(isActive)
        .map(({ id }) => String(id)),
    levelOf: (tokenId) => everyToken().find(({ id }) => String(id) === tokenId)?.level,
    nowMs: now,
    advance: (ms) => {
      aheadMs += ms;
    },
  };
}

function refusal(status: number, message: string): Answer {
  return { status, body: { message } };
}
