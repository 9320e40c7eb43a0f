import type { BackendSession } from "./backends/definition";
import { notYetSent } from "./errors";
import type { Credential, Session } from "./http/client";
import { rememberCredential, rememberSecrets } from "./known-secrets";

/** Monotonic milliseconds. */
type NowMs = () => number;

/** Renewed a little before it ends, so that a call never starts with a session that is about to be refused. */
const spareMs = 5_000;

/**
 * The credential of a connection as request headers. Calls that run side by side share one login; a
 * 401 makes a new one, once per call, and only where it can differ: the backend logs in, or the
 * credential itself has been rotated meanwhile.
 */
export function createSession(
  readToken: () => Promise<string>,
  login: (() => Promise<BackendSession>) | undefined,
  nowMs: NowMs = () => performance.now(),
): Session {
  if (!login) {
    return {
      credential: async () => {
        const token = await readToken();
        rememberCredential(token, false);
        return credentialOf(token, { authorization: `Bearer ${token}` });
      },
      renew: async (refused) => !refused.secrets.includes(await readToken()),
    };
  }

  interface Open extends Credential {
    readonly endsMs: number;
  }
  let current: Promise<Open> | undefined;

  async function open(logIn: () => Promise<BackendSession>): Promise<Open> {
    const token = await readToken();
    // The login's own errors may quote it already.
    rememberCredential(token, true);
    const {
      headers,
      validForMs = Infinity,
      secrets = [],
    } = await logIn().catch((error: unknown) => {
      // What the call itself asks for has not been asked for yet: not even a create is unclear.
      throw notYetSent("the login failed, and nothing else was sent", error);
    });
    return { ...credentialOf(token, headers, secrets), endsMs: nowMs() + validForMs - spareMs };
  }

  /** The running or open session, or a new one. A failed one is not kept. */
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
      // Of many calls that are refused side by side, the first makes the login that serves them all.
      const newest = await current?.catch(() => undefined);
      if (newest === refused) current = undefined;
      return true;
    },
  };
}

function credentialOf(
  token: string,
  headers: Readonly<Record<string, string>>,
  more: readonly string[] = [],
): Credential {
  // Without the word of the scheme: "Bearer" alone is no secret, and stands in what services say.
  const values = Object.values(headers).map((value) => value.replace(/^\S+ /, ""));
  rememberSecrets(...values, ...more);
  return { headers, secrets: [token, ...values, ...more] };
}
