import type { BackendSession } from "./backends/definition";
import type { Session } from "./http/client";

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
  interface Open {
    readonly token: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly endsMs: number;
  }
  let current: Promise<Open> | undefined;

  async function open(): Promise<Open> {
    const token = await readToken();
    if (!login) return { token, headers: { authorization: `Bearer ${token}` }, endsMs: 0 };
    const session = await login();
    return { token, headers: session.headers, endsMs: session.validForMs === undefined ? Infinity : nowMs() + session.validForMs - spareMs };
  }

  /** The running or open session, or a new one. A failed one is not kept. */
  async function session(): Promise<Open> {
    const pending = current;
    if (pending) {
      const opened = await pending;
      if (opened.endsMs > nowMs()) return opened;
      if (current !== pending) return session();
    }
    const fresh = open();
    current = fresh;
    fresh.catch(() => {
      if (current === fresh) current = undefined;
    });
    return fresh;
  }

  return {
    async credential() {
      const { token, headers } = await session();
      return { headers, secrets: [token, ...Object.values(headers).flatMap((value) => [value, value.replace(/^\S+ /, "")])] };
    },
    async renew() {
      const before = await current?.catch(() => undefined);
      current = undefined;
      return login !== undefined || (before !== undefined && (await readToken()) !== before.token);
    },
  };
}
