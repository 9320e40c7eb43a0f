import type { BackendSession } from "../backends/definition";
import { ConfigError, notYetSent } from "../errors";
import type { Credential, Session } from "../http/request";
import { rememberCredential, rememberSecrets } from "../secrets/known-secrets";
import { kindOf, redact } from "../secrets/redact";
import { asThrown } from "../thrown";

/** A session that can be ended here: the next call opens another one. */
interface OwnSession extends Session {
  readonly forget: () => void;
}

/** Monotonic milliseconds. */
type NowMs = () => number;

/** Renewed a little early, so that no call starts with a session that is about to be refused. */
const spareMs = 5_000;

/**
 * The credential of a connection as request headers. Parallel calls share one login. A 401 leads to a new login, once
 * per call, and only if it can differ: the backend logs in, or the credential itself was rotated meanwhile.
 */
export function createSession(
  readToken: () => Promise<string>,
  login: (() => Promise<BackendSession>) | undefined,
  nowMs: NowMs = () => performance.now(),
): OwnSession {
  if (!login) {
    return {
      credential: async () => {
        const token = await readToken();
        rememberCredential(token, false);
        return credentialOf(token, { authorization: `Bearer ${token}` });
      },
      renew: async (refused) => !refused.secrets.includes(await readToken()),
      forget: () => undefined,
    };
  }

  interface Open extends Credential {
    readonly endsMs: number;
  }
  let current: Promise<Open> | undefined;

  async function open(logIn: () => Promise<BackendSession>): Promise<Open> {
    const token = await readToken();
    // The login's own errors may already quote it.
    rememberCredential(token, true);
    const opened: unknown = await (async () => logIn())().catch((error: unknown) => {
      // The call's own request was not sent yet, so not even a create is unclear.
      throw notYetSent("the login failed, and nothing else was sent", asThrown(error));
    });
    const { headers, validForMs = Infinity, secrets = [] } = checkedSession(opened);
    return { ...credentialOf(token, headers, secrets), endsMs: nowMs() + validForMs - spareMs };
  }

  /** The current session, which may still be opening, or a new one. A failed one is not kept. */
  async function session(logIn: () => Promise<BackendSession>): Promise<Open> {
    const pending = current;
    if (pending) {
      const opened = await pending;
      if (opened.endsMs > nowMs()) return opened;
      if (current !== pending) return session(logIn);
    }
    const fresh = open(logIn);
    current = fresh;
    fresh.catch(() => {
      if (current === fresh) current = undefined;
    });
    return fresh;
  }

  return {
    credential: () => session(login),
    async renew(refused) {
      // When several parallel calls are refused, the first makes the login that serves them all.
      const newest = await current?.catch(() => undefined);
      if (newest === refused) current = undefined;
      return true;
    },
    forget: () => void (current = undefined),
  };
}

/** @throws ConfigError - the backend's `authenticate` answered something else: nothing was sent. */
function checkedSession(answer: unknown): BackendSession {
  const wrong = (what: string, value: unknown) => {
    const promise = value instanceof Promise ? "a promise; await it" : kindOf(value);
    return new ConfigError(`"authenticate" of the backend answered with ${what} is ${promise}. Nothing was sent.`);
  };
  const { headers, secrets = [] } = (answer ?? {}) as Partial<Record<keyof BackendSession, unknown>>;
  if (typeof headers !== "object" || headers === null) throw wrong('"headers" that', headers);
  for (const [name, value] of Object.entries(headers))
    if (typeof value !== "string") throw wrong(`a header "${redact(name)}" that`, value);
  if (!Array.isArray(secrets)) throw wrong('"secrets" that', secrets);
  for (const secret of secrets) if (typeof secret !== "string") throw wrong('a text in "secrets" that', secret);
  return answer as BackendSession;
}

function credentialOf(
  token: string,
  headers: Readonly<Record<string, string>>,
  more: readonly string[] = [],
): Credential {
  // Without the word for the scheme: "Bearer" alone is not a secret, and services write it in their texts.
  const values = Object.values(headers).map((value) => value.replace(/^\S+ /, ""));
  rememberSecrets(...values, ...more);
  return { headers, secrets: [token, ...values, ...more] };
}
