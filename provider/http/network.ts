/**
 * How requests reach a service: the connection pools of this process, a company's proxy, and what a service may send on a
 * connection besides its answers (TLS alerts and interim answers).
 */
import type { Duplex } from "node:stream";
import type { Agent, buildConnector, Dispatcher } from "undici";
import { ConfigError } from "../errors";
import { rememberSecrets } from "../secrets/known-secrets";
import { readMaterial, type TlsFiles, type TlsMaterial } from "./tls-files";

/** Shorter than an attempt: if nothing answers at a URL, this proves that nothing was sent. */
const connectTimeoutMs = 5_000;

/** Loaded with the first request: a preview sends none and should not wait for it. */
/* eslint-disable-next-line @typescript-eslint/no-require-imports -- the only way to load a module late and at once in CommonJS */
export const undici = () => require("undici") as typeof import("undici");

const pools = new Map<string, Promise<Dispatcher>>();

/**
 * The connection pool for a service. It is kept alive between calls, and closed before servers usually close it. It
 * goes through the proxy in HTTPS_PROXY, HTTP_PROXY and NO_PROXY, but never for this machine.
 *
 * @throws ConfigError - a certificate file cannot be read, or is not valid
 */
export function poolFor(url: string, tls?: TlsFiles): Promise<Dispatcher> {
  const proxies = isLoopback(new URL(url)) ? [] : proxyVariables().map((name) => process.env[name]);
  const proxied = proxies.length > 0;
  const place = JSON.stringify([proxies, tls?.caFile, tls?.clientCertFile, tls?.clientKeyFile]);
  const pool = pools.get(place) ?? makePool(proxied, tls);
  pools.set(place, pool);
  // The file may exist at the next call.
  pool.catch(() => pools.delete(place));
  return pool;
}

/** Breaks running requests. */
export function destroyPools(): void {
  for (const pool of pools.values()) void pool.then((made) => made.destroy()).catch(() => undefined);
}

export function isLoopback({ hostname }: URL): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}

async function makePool(proxied: boolean, tls: TlsFiles | undefined): Promise<Dispatcher> {
  const material = tls ? await readMaterial(tls) : {};
  const { Agent: PlainAgent, EnvHttpProxyAgent } = undici();
  const options: Agent.Options = {
    connections: 16,
    keepAliveTimeout: 4_000,
    keepAliveMaxTimeout: 30_000,
    connect: connector(material),
  };
  if (!proxied) return new PlainAgent(options);
  for (const variable of proxyVariables()) rememberProxyPassword(process.env[variable]);
  const timeout = connectTimeoutMs;
  return new EnvHttpProxyAgent({ ...options, requestTls: { ...material, timeout }, proxyTls: { timeout } });
}

function proxyVariables(): string[] {
  const variables = ["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"];
  return variables.filter((name) => (process.env[name] ?? "") !== "");
}

function rememberProxyPassword(address: string | undefined): void {
  const url = URL.parse(address ?? "");
  if (!url)
    throw new ConfigError(
      "HTTPS_PROXY or HTTP_PROXY does not contain the address of a proxy; write http://proxy.example.com:3128, or unset it.",
    );
  if (url.password !== "") rememberSecrets(decodeURIComponent(url.password));
}

/** Errors from making a connection, TLS handshake included: no request was written yet. */
const whileConnecting = new WeakSet<object>();

export function failedWhileConnecting(error: unknown): boolean {
  return typeof error === "object" && error !== null && whileConnecting.has(error);
}

/** How the service ended a connection. */
export interface Alert {
  readonly code: string;
  /** The service answered on that connection before, so it did not refuse the handshake. */
  readonly hasAnswered: boolean;
}

/**
 * TLS alerts by the socket's ports: undici reports the service's last word in a handshake only as a closed connection.
 */
const alerts = new Map<string, Alert>();

/**
 * The alert with which the service ended the connection after our part of the handshake; undefined for any other
 * failure.
 */
export function alertOf(error: unknown): Alert | undefined {
  const { socket } = (error ?? {}) as { socket?: Ports };
  if (!socket) return undefined;
  const alert = alerts.get(placeOf(socket));
  alerts.delete(placeOf(socket));
  return alert;
}

interface Ports {
  readonly localPort?: number | undefined;
  readonly remotePort?: number | undefined;
}

function placeOf({ localPort, remotePort }: Ports): string {
  return `${localPort} ${remotePort}`;
}

function connector(material: TlsMaterial): buildConnector.connector {
  const connect = undici().buildConnector({ ...material, timeout: connectTimeoutMs });
  return (options, done) =>
    connect(options, (...[error, socket]) => {
      if (!error) {
        const place = placeOf(socket);
        const watched = watchConnection(socket);
        // It belongs to an earlier connection between the same ports.
        alerts.delete(place);
        socket.once("error", ({ code }: NodeJS.ErrnoException) => {
          if (code?.startsWith("ERR_SSL")) alerts.set(place, { code, hasAnswered: watched.hasAnswered() });
        });
        return done(null, socket);
      }
      whileConnecting.add(error);
      return done(error, null);
    });
}

/** A connection that is watched for answers. */
export interface WatchedConnection {
  /** True after the first byte of an answer: the handshake is over, and the service has read the request. */
  readonly hasAnswered: () => boolean;
}

/** An interim answer is no longer than the headers of an answer. */
const longestHead = 16 * 1024;
const interim = Buffer.from("HTTP/1.1 100");

/**
 * Removes `100 Continue` answers from what is read of a connection. A client must accept one that it did not ask for
 * (RFC 9110, 15.2), but undici breaks the connection, and nobody knows what happened to the request.
 */
export function watchConnection(socket: Duplex): WatchedConnection {
  const read = socket.read.bind(socket) as (size?: number) => Buffer | null;
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  let answered = false;
  let awaitsAnswer = true;
  let held = Buffer.alloc(0);
  socket.write = ((...args: unknown[]) => {
    awaitsAnswer = true;
    return write(...args);
  }) as Duplex["write"];
  socket.read = (size?: number) => {
    for (;;) {
      const bytes = read(size);
      if (bytes === null) return null;
      answered = true;
      if (!awaitsAnswer) return bytes;
      held = withoutInterim(Buffer.concat([held, bytes]));
      if (isInterim(held) && held.length <= longestHead) continue;
      awaitsAnswer = false;
      const answer = held;
      held = Buffer.alloc(0);
      return answer;
    }
  };
  return { hasAnswered: () => answered };
}

/** The bytes after all complete interim answers. */
function withoutInterim(bytes: Buffer): Buffer<ArrayBuffer> {
  let at = 0;
  while (bytes.length - at >= interim.length && isInterim(bytes.subarray(at))) {
    const end = bytes.indexOf("\r\n\r\n", at);
    if (end < 0) break;
    at = end + 4;
  }
  return Buffer.from(bytes.subarray(at));
}

/** Also true for bytes that may become one with the bytes that follow. */
function isInterim(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, interim.length);
  // The version's last digit may differ.
  return Array.from({ length }, (_, at) => at === 7 || bytes[at] === interim[at]).every(Boolean);
}
