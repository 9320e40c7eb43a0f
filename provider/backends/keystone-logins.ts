/** Who talks to Keystone: the administrator, and an account itself, because only it can make its keys. */
import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { secondMs } from "../durations";
import { ConfigError, ConnectionError, ProviderError, ServerError } from "../errors";
import { fingerprintOf } from "../fingerprint";
import { type HttpClient, path } from "../http/client";
import type { BackendContext, BackendSession } from "./definition";
import { parseAnswer } from "./parse-answer";

/** Says on a user, as `managed_by`, that its password is ours to change. */
export const managedBy = "pulumi-apikeys";

export const userSchema = z.object({
  id: z.string().min(1),
  name: z.string(),
  enabled: z.boolean(),
  description: z.string().nullish(),
  default_project_id: z.string().nullish(),
  managed_by: z.string().nullish(),
});
export type User = z.infer<typeof userSchema>;

const tokensAt = "/auth/tokens";
const tokenSchema = z.object({ token: z.object({ issued_at: z.string(), expires_at: z.string() }) });

export async function logInAsAdmin(http: HttpClient, credential: string, project: string, domainId: string): Promise<BackendSession> {
  const [, name, password] = /^([^:]+):(.+)$/.exec(credential) ?? [];
  if (name === undefined || password === undefined) {
    throw new ConfigError("the admin token of a keystone connection is the name and the password of an administrator, with a colon between them: <user>:<password>. The one given has another form.");
  }
  const domain = { id: domainId };
  const auth = { identity: { methods: ["password"], password: { user: { name, domain, password } } }, scope: { project: { name: project, domain } } };
  const { body, headers } = await http.request({ method: "POST", path: tokensAt, json: { auth }, idempotent: true, secrets: [password] });
  const { issued_at, expires_at } = parseAnswer("POST", tokensAt, tokenSchema, body).token;
  return { headers: { "x-auth-token": headers["x-subject-token"] ?? "" }, validForMs: Date.parse(expires_at) - Date.parse(issued_at) };
}

/** A session can be ended at any time by another process that makes a key of the same account. */
const mostLogins = 6;

/** Shared by all creates of this process, whichever resource they are for: a second new password ends the first one's session. */
const openSessions = new Map<string, Promise<string | undefined>>();

/** The sessions of a Keystone's accounts. */
export class AccountSessions {
  constructor(
    private readonly context: Pick<BackendContext<unknown>, "url" | "http" | "token">,
    private readonly projectOf: (user: User) => Promise<string>,
  ) {}

  /** Does something in the account's own name. `run` answers undefined where the session is refused. */
  async use<Result>(accountId: string, run: (token: string) => Promise<Result | undefined>): Promise<Result> {
    for (let logins = 1; logins <= mostLogins; logins += 1) {
      // Two processes that take turns in ending each other's session must fall out of step.
      if (logins > 1) await wait(Math.random() * logins * secondMs);
      // Nobody gets a session that another administrator's credential has opened.
      const key = `${this.placeOf(accountId)} ${fingerprintOf(await this.context.token())}`;
      const session = openSessions.get(key) ?? this.logIn(accountId).catch(notYetAsked);
      openSessions.set(key, session);
      const close = () => void (openSessions.get(key) === session && openSessions.delete(key));
      const token = await session.catch((error: unknown) => {
        close();
        throw error;
      });
      const result = token === undefined ? undefined : await run(token);
      if (result !== undefined) return result;
      close();
    }
    throw new ProviderError(
      `the service account ${accountId} could not log in to make its key, and nothing was made. Its user may be locked, its project disabled, or another run is making keys of the same account just now: run again.`,
    );
  }

  /** A session keeps the roles that it began with. */
  forget(accountId: string): void {
    for (const key of openSessions.keys()) if (key.startsWith(`${this.placeOf(accountId)} `)) openSessions.delete(key);
  }

  private placeOf(accountId: string): string {
    return `${this.context.url} ${accountId}`;
  }

  private async logIn(accountId: string): Promise<string | undefined> {
    const at = path`/users/${accountId}`;
    const { user } = parseAnswer("GET", at, z.object({ user: userSchema }), (await this.context.http.request({ method: "GET", path: at })).body);
    if (user.managed_by !== managedBy) {
      throw new ProviderError(
        `the user "${user.name}" (${accountId}) was not made by a ServiceAccount. Making a key would give it a new password, so nothing was done. Make the key for a ServiceAccount, or hand the user over: openstack user set --property managed_by=${managedBy} ${accountId}`,
      );
    }
    if (!user.enabled) throw new ProviderError(`the service account "${user.name}" (${accountId}) is disabled, so no key can be made for it; enable it first.`);
    const project = await this.projectOf(user);
    // Mixed on purpose: operators may demand certain characters.
    const password = `Aa1!${randomBytes(32).toString("base64url")}`;
    await this.context.http.request({ method: "PATCH", path: at, json: { user: { password } }, idempotent: true, secrets: [password] });
    // Keystone counts tokens in whole seconds, and one from the second of the change as older than it.
    await wait(secondMs);
    const auth = { identity: { methods: ["password"], password: { user: { id: accountId, password } } }, scope: { project: { id: project } } };
    const { absent, headers } = await this.context.http.request({ method: "POST", path: tokensAt, json: { auth }, authenticated: false, idempotent: true, absent: [401], secrets: [password] });
    if (!absent) return headers["x-subject-token"];
    await this.assertHasRole(user, project);
    return undefined;
  }

  private async assertHasRole({ id, name }: User, project: string): Promise<void> {
    const at = "/role_assignments";
    const { body } = await this.context.http.request({ method: "GET", path: at, query: { "user.id": id, "scope.project.id": project, effective: "true" } });
    if (parseAnswer("GET", at, z.object({ role_assignments: z.array(z.unknown()) }), body).role_assignments.length > 0) return;
    throw new ProviderError(`the service account "${name}" (${id}) has no role on its project, so it can have no key; give it "scopes".`);
  }
}

/** What fails before the key was asked for leaves nothing unclear. */
function notYetAsked(error: unknown): never {
  if (error instanceof ServerError || error instanceof ConnectionError) throw new ConnectionError(`the key was not asked for yet. ${error.message}`, false, { cause: error });
  throw error;
}
