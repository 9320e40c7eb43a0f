/**
 * How requests reach a service: the connection pools of this process, a company's proxy and certificate authority,
 * client certificates.
 */
import { X509Certificate } from "node:crypto";
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import type { Agent, buildConnector, Dispatcher } from "undici";
import { ConfigError } from "../errors";
import { rememberSecrets } from "../secrets/known-secrets";
import { watchConnection } from "./connection-watch";

/** The certificate files of a connection. The paths are the user's, relative to the working directory. */
export interface TlsFiles {
  /** The connection's name, for messages. */
  readonly connection: string;
  /** Authorities in PEM form, trusted instead of the usual ones. */
  readonly caFile?: string | undefined;
  /** The client's certificate in PEM form, and its key. */
  readonly clientCertFile?: string | undefined;
  readonly clientKeyFile?: string | undefined;
}

interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Shorter than an attempt: if nothing answers at a URL, this proves that nothing was sent. */
const connectTimeoutMs = 5_000;
const largestFileBytes = 1024 * 1024;

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

async function readMaterial(files: TlsFiles): Promise<TlsMaterial> {
  const { caFile, clientCertFile, clientKeyFile } = files;
  const read = (field: "caFile" | "clientCertFile" | "clientKeyFile") => {
    const path = files[field];
    return path === undefined ? undefined : readPem(files.connection, field, path);
  };
  const [ca, cert, key] = await Promise.all([read("caFile"), read("clientCertFile"), read("clientKeyFile")]);
  if (key !== undefined) rememberSecrets(key);
  const material = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  try {
    createSecureContext(material);
    // TLS itself silently skips a text that is not a certificate.
    for (const text of [ca, cert]) if (text !== undefined) new X509Certificate(text);
    return material;
  } catch {
    // The parser's message may quote the file.
    const named = [caFile, clientCertFile, clientKeyFile].filter((path) => path !== undefined);
    throw new ConfigError(
      `connection "${files.connection}": the certificates in ${named.join(", ")} cannot be used. "clientKeyFile" must be the key of "clientCertFile", in PEM form and without a passphrase, and "caFile" the certificate of the authority that has signed the service's.`,
    );
  }
}

/** Reads regular files only: a pipe may never end, and a device never does. */
async function readPem(connection: string, field: string, path: string): Promise<string> {
  const place = `connection "${connection}": the file ${path} ("${field}")`;
  let text: string;
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!(await file.stat()).isFile()) throw Object.assign(new Error(), { code: "it is not a file" });
      const { buffer, bytesRead } = await file.read(Buffer.alloc(largestFileBytes + 1), 0, largestFileBytes + 1, 0);
      if (bytesRead > largestFileBytes) throw Object.assign(new Error(), { code: "it has more than 1 MiB" });
      text = buffer.toString("latin1", 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    const { code } = error as { code?: unknown };
    throw new ConfigError(`${place} cannot be read (${typeof code === "string" ? code : "unknown reason"}).`);
  }
  const what = field === "clientKeyFile" ? "PRIVATE KEY" : "CERTIFICATE";
  if (new RegExp(`-----BEGIN [A-Z0-9 ]*${what}-----`).test(text)) return text;
  throw new ConfigError(`${place} holds no ${what === "CERTIFICATE" ? "certificate" : "private key"} in PEM form.`);
}
