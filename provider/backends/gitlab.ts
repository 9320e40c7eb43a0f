/**
 * GitLab (https://docs.gitlab.com/api/service_accounts/): with the connection's `group`, the service accounts of a top-level group and
 * their personal access tokens; with `project` or `groupTokens`, the access tokens of a project or of a group, which belong to no account.
 * The `url` ends in `/api/v4`; the credential is a personal access token with the scope `api` of an owner of the group (a maintainer
 * of the project).
 *
 * Oddities:
 * - nothing of a token can be changed
 * - the rotation of GitLab has no overlap, and one of a token that is revoked already revokes its whole family: a repeated request would kill the
 *   new token. It is never used; a rotation here makes a second token
 * - a token ends at the beginning of a day. The end that is asked for is rounded up to the next one
 * - a token without an end gets the longest life that the settings allow, so an end is always asked for
 * - tokens of projects and groups have an access level, which GitLab sets to maintainer where nobody says: it is always sent
 * - revoked tokens stay in the lists
 * - there is no call for one token of a service account, nor for one account: both are looked for in lists. For one personal token that is not
 *   there GitLab answers 401, like for a wrong credential, so that call only tells of the credential itself (`self`)
 */
import { z } from "zod";
import { defined } from "../values/defined";
import { dayMs } from "../values/durations";
import { ConfigError, InputError } from "../errors";
import { type HttpClient, path } from "../http/request";
import { normaliseTime } from "../values/times";
import { gitlab as vendor } from "../vendors/gitlab";
import { connectionFields } from "./connection-fields";
import { defineBackend } from "./define-backend";
import type {
  ApiKey,
  AskedKey,
  BackendClient,
  BackendContext,
  BackendSession,
  DeclaredOptions,
  InputProblem,
  NewKey,
} from "./definition";
import { GitlabAccounts } from "./gitlab/accounts";
import { pagesOf } from "./gitlab/pages";
import { parseAnswer } from "./parse-answer";

const place = (takes: string) => ({ schema: z.string().min(1).optional(), takes });
const readFields = connectionFields("gitlab", {
  group: place("the id or the path of the top-level group whose service accounts are managed"),
  groupTokens: place("the id or the path of the group whose access tokens are managed"),
  project: place("the id or the path of the project whose access tokens are managed"),
});
type Options = ReturnType<typeof readFields>;

const levels = { guest: 10, planner: 15, reporter: 20, developer: 30, maintainer: 40, owner: 50 } as const;
type Level = keyof typeof levels;
const levelNames = ["guest", "planner", "reporter", "developer", "maintainer", "owner"] as const;

const tokenOptions = {
  accessLevel: {
    type: "text",
    values: levelNames,
    required: true,
    description: "what the token may do in the project or group, as the role of a member",
  },
} as const satisfies DeclaredOptions;

const tokenSchema = z.object({
  id: z.number().int().positive(),
  name: z.string(),
  description: z.string().nullish(),
  revoked: z.boolean(),
  active: z.boolean(),
  scopes: z.array(z.string()),
  created_at: z.string().nullish(),
  last_used_at: z.string().nullish(),
  expires_at: z.string().nullish(),
  access_level: z.number().nullish(),
});
type Token = z.infer<typeof tokenSchema>;
const issuedSchema = tokenSchema.extend({ token: z.string().min(1) });
/** Tokens of groups and projects are personal tokens of a hidden user, under the same ids. */
const self = "/personal_access_tokens/self";
const selfSchema = z.object({ id: z.number().int().positive(), user_id: z.number().int().positive() });

export const gitlab = defineBackend<Options>({
  ...vendor,
  options: (fields) => {
    const options = readFields(fields);
    if (Object.values(options).filter((value) => value !== undefined).length === 1) return options;
    throw new ConfigError(
      'A gitlab connection has exactly one of "group" (service accounts of a top-level group), "groupTokens" (access tokens of a group) and "project" (access tokens of a project).',
    );
  },
  adapt: (options) => {
    const { group } = options;
    if (group !== undefined) return { tenant: path`/groups/${group}` };
    const { serviceAccounts: _none, ...capabilities } = vendor.capabilities;
    return {
      tenant: tokensOf(options),
      capabilities: { ...capabilities, parent: "credential" },
      keyOptions: tokenOptions,
    };
  },
  authenticate: async ({ token }: BackendContext<Options>): Promise<BackendSession> => ({
    headers: { "private-token": await token() },
  }),
  validateKey,
  connect: ({ http, options }: BackendContext<Options>): BackendClient => {
    const { group } = options;
    if (group === undefined) return tokenClient(http, () => tokensOf(options));
    const accounts = new GitlabAccounts(http, group);
    return { ...tokenClient(http, (account = "") => accounts.tokensOf(account)), ...accounts.methods() };
  },
});

type TokenClient = Pick<BackendClient, "createKey" | "getKey" | "listKeys" | "revokeKey" | "whoAmI">;

/** The tokens at one place, which may depend on their account. */
function tokenClient(http: HttpClient, at: (serviceAccountId: string | undefined) => string): TokenClient {
  return {
    async createKey({ serviceAccountId, name, scopes, description, expiresAt, options }) {
      if (!scopes?.length) throw new InputError("scopes", `${noScopes}; nothing was sent.`);
      const access_level = levels[options?.accessLevel as Level];
      const json = defined({ name, scopes, description, access_level, expires_at: dateOf(expiresAt) });
      const { body } = await http.request({ method: "POST", path: at(serviceAccountId), json });
      const issued = parseAnswer("POST", at(serviceAccountId), issuedSchema, body);
      return { ...toKey(issued), secret: issued.token };
    },
    async getKey({ id, serviceAccountId, name }) {
      const found = await pagesOf(http, at(serviceAccountId), tokenSchema, { search: name });
      const token = found?.find((each) => String(each.id) === id && each.name === name);
      return token && toKey(token);
    },
    async listKeys({ serviceAccountId }) {
      return (await pagesOf(http, at(serviceAccountId), tokenSchema, { state: "active" }))?.map(toKey);
    },
    async revokeKey({ id, serviceAccountId }) {
      const one = at(serviceAccountId) + path`/${id}`;
      return (await http.request({ method: "DELETE", path: one, absent: [404] })).absent ? "absent" : "revoked";
    },
    async whoAmI() {
      const { body } = await http.request({ method: "GET", path: self });
      const { id, user_id } = parseAnswer("GET", self, selfSchema, body);
      return { keyId: String(id), serviceAccountId: String(user_id) };
    },
  };
}

function tokensOf({ project, groupTokens = "" }: Options): string {
  return project === undefined ? path`/groups/${groupTokens}/access_tokens` : path`/projects/${project}/access_tokens`;
}

const noScopes = "GitLab demands scopes of every token, and does not say what one without any could do";

function validateKey({ scopes }: AskedKey): InputProblem[] {
  return scopes?.length === 0 ? [{ field: "scopes", message: `${noScopes}; list what it may do` }] : [];
}

/** The first day at whose beginning the token may end. */
function dateOf(expiresAt: NewKey["expiresAt"]): string | undefined {
  if (expiresAt === undefined) return undefined;
  return new Date(Math.ceil(Date.parse(expiresAt) / dayMs) * dayMs).toISOString().slice(0, 10);
}

function toKey(token: Token): ApiKey {
  const expiresAt = token.expires_at ? `${token.expires_at}T00:00:00Z` : undefined;
  const level = levelNames.find((name) => levels[name] === token.access_level);
  return defined({
    id: String(token.id),
    name: token.name,
    status: statusOf(token),
    scopes: token.scopes,
    description: token.description ?? undefined,
    createdAt: normaliseTime(token.created_at),
    expiresAt,
    lastUsedAt: normaliseTime(token.last_used_at),
    options: level && { accessLevel: level },
  } as const);
}

/** A token that is not active, and was not revoked, has ended or cannot be used for now; the lifecycle knows the time. */
function statusOf({ revoked, active, expires_at }: Token): ApiKey["status"] {
  if (revoked) return "revoked";
  return active || expires_at ? "active" : "disabled";
}
