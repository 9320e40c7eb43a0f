import type { IncomingHttpHeaders } from "node:http";
import type { Answer } from "./answer";

const LOOPBACK_HOSTS = ["127.0.0.1", "localhost", "[::1]"];

/**
 * Refuses what a web page could send. `Host` shows a foreign name that resolves to loopback, and `Origin` shows another
 * site's script. Without this, any page open in a browser could read and revoke keys.
 */
export function loopbackGuard(port: number): (headers: IncomingHttpHeaders) => Answer | undefined {
  const hosts = new Set(LOOPBACK_HOSTS.flatMap((host) => (port === 80 ? [host, `${host}:80`] : [`${host}:${port}`])));
  const origins = new Set([...hosts].map((host) => `http://${host}`));
  return ({ host, origin }) => {
    if (host === undefined || !hosts.has(host.toLowerCase())) return refusal("host");
    if (origin !== undefined && !origins.has(origin.toLowerCase())) return refusal("origin");
    return undefined;
  };
}

function refusal(header: "host" | "origin"): Answer {
  const message = `The emulator answers loopback only; this ${header} is foreign.`;
  return { status: 403, body: { error: { code: `foreign_${header}`, message } } };
}
