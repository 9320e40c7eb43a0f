/** Logins to Keystone: the administrator's, and those of accounts, because only an account can make its keys. */
import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { secondMs } from "../../values/durations";
import { ConfigError, notYetSent, ProviderError } from "../../errors";
import { fingerprintOf } from "../../values/fingerprint";
import type { HttpClient } from "../../http/request";
import type { BackendContext, BackendSession } from "../definition";
import { parseAnswer } from "../parse-answer";
import { foundUser, type KeystoneApi, managedBy, type User, userAt } from "./api";

const tokensAt = "/auth/tokens";
const rolesSchema = z.object({ role_assignments: z.array(z.unknown()) });
const tokenSchema = z.object({
  token: z.object({ issued_at: z.string(), expires_at: z.string(), user: z.object({ id: z.string().min(1) }) }),
});

/** A session, and the id of the user whose it is. */
export async function logInAsAdmin(
  http: HttpClient,
  credential: string,
  project: string,
  domainId: string,
): Promise<BackendSession & { readonly userId: string }> {
  const [, name, password] = /^([^:]+):(.+)$/.exec(credential) ?? [];
  if (name === undefined || password === undefined) {
    throw new ConfigError(
      "the admin token of a keystone connection is the name and the password of an administrator, with a colon between them: <user>:<password>. The one given has another form.",
    );
  }
  const domain = { id: domainId };
  const json = passwordLogin({ name, domain }, password, { name: project, domain });
  const login = { method: "POST", path: tokensAt, json, idempotent: true, secrets: [password] } as const;
  const { body, headers } = await http.request({ ...login, authenticated: false });
  const { issued_at, expires_at, user } = parseAnswer("POST", tokensAt, tokenSchema, body).token;
  return {
    userId: user.id,
    headers: { "x-auth-token": headers["x-subject-token"] ?? "" },
    validForMs: Date.parse(expires_at) - Date.parse(issued_at),
  };
}

/** Another process that makes a key of the same account can end a session at any time. */
const mostLogins = 6;

/** Shared by all creates of this process, for any resource: a second new password ends the first one's session. */
const openSessions = new Map<string, Promise<string | undefined>>();

/** The sessions of one Keystone's accounts. */
export class AccountSessions {
  readonly #api: KeystoneApi;
  readonly #connection: Pick<BackendContext<unknown>, "url" | "token">;
  readonly #projectOf: (user: User) => Promise<string>;

  constructor(
    api: KeystoneApi,
    connection: Pick<BackendContext<unknown>, "url" | "token">,
    projectOf: (user: User) => Promise<string>,
  ) {
    this.#api = api;
    this.#connection = connection;
    this.#projectOf = projectOf;
  }

  /** Runs a task as the account. `run` returns undefined if the session is refused. */
  async use<Result>(accountId: string, run: (token: string) => Promise<Result | undefined>): Promise<Result> {
    for (let logins = 1; logins <= mostLogins; logins += 1) {
      // Two processes that keep ending each other's session must fall out of step.
      if (logins > 1) await wait(Math.random() * logins * secondMs);
      // A session that another administrator's credential opened is not shared.
      const key = `${this.#placeOf(accountId)} ${fingerprintOf(await this.#connection.token())}`;
      const session = openSessions.get(key) ?? this.#logIn(accountId).catch(notYetAsked);
      openSessions.set(key, session);
      const close = () => {
        if (openSessions.get(key) === session) openSessions.delete(key);
      };
      session.catch(close);
      const token = await session;
      const result = token === undefined ? undefined : await run(token);
      if (result !== undefined) return result;
      close();
    }
    throw new ProviderError(
      `the service account ${accountId} could not log in to make its key, and nothing was made. Its user may be locked, its project disabled, or another run is making keys of the same account just now: run again.`,
    );
  }

  /** Drops the account's sessions: a session keeps the roles that it began with. */
  forget(accountId: string): void {
    for (const key of openSessions.keys()) if (key.startsWith(`${this.#placeOf(accountId)} `)) openSessions.delete(key);
  }

  #placeOf(accountId: string): string {
    return `${this.#connection.url} ${accountId}`;
  }

  /** Returns a token of the account; undefined if the login is refused. */
  async #logIn(accountId: string): Promise<string | undefined> {
    const { user } = await this.#api.ask("GET", userAt(accountId), foundUser);
    assertOwn(user);
    const project = await this.#projectOf(user);
    // Mixed on purpose: operators may require certain characters.
    const password = `Aa1!${randomBytes(32).toString("base64url")}`;
    const secrets = [password];
    await this.#api.ask("PATCH", userAt(accountId), foundUser, { json: { user: { password } }, secrets });
    // Keystone counts tokens in whole seconds: one from the same second as the change counts as older.
    await wait(secondMs);
    const json = passwordLogin({ id: accountId }, password, { id: project });
    const login = { method: "POST", path: tokensAt, json, idempotent: true, secrets } as const;
    const { absent, headers } = await this.#api.http.request({ ...login, authenticated: false, absent: [401] });
    if (absent) await this.#assertHasRole(user, project);
    return absent ? undefined : headers["x-subject-token"];
  }

  async #assertHasRole({ id, name }: User, project: string): Promise<void> {
    const query = { "user.id": id, "scope.project.id": project, effective: "true" };
    const { role_assignments: roles } = await this.#api.ask("GET", "/role_assignments", rolesSchema, { query });
    if (roles.length > 0) return;
    throw new ProviderError(
      `the service account "${name}" (${id}) has no role on its project, so it can have no key; give it "scopes".`,
    );
  }
}

function passwordLogin(user: object, password: string, project: object) {
  const identity = { methods: ["password"], password: { user: { ...user, password } } };
  return { auth: { identity, scope: { project } } };
}

/** Refuses a user whose password is not ours to change, or who is disabled. */
function assertOwn({ id, name, enabled, managed_by }: User): void {
  if (managed_by !== managedBy) {
    throw new ProviderError(
      `the user "${name}" (${id}) was not made by a ServiceAccount. Making a key would give it a new password, so nothing was done. Make the key for a ServiceAccount, or hand the user over: openstack user set --property managed_by=${managedBy} ${id}`,
    );
  }
  if (enabled) return;
  throw new ProviderError(
    `the service account "${name}" (${id}) is disabled, so no key can be made for it; enable it first.`,
  );
}

/** A failure before the request for the key leaves nothing unclear. */
function notYetAsked(error: unknown): never {
  throw notYetSent("the key was not asked for yet", error);
}
