/** Where the admin credential of a connection is, and how it is read. */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { promisify } from "node:util";
import { ConfigError } from "../errors";
import { rememberCredential } from "../secrets/known-secrets";
import { kindOf } from "../secrets/redact";
import { secondMs } from "../values/durations";
import { fingerprintOf } from "../values/fingerprint";
import {
  asObject,
  type ConfigSources,
  type Configured,
  namesCredential,
  own,
  parseMap,
  type Settings,
} from "./connection-settings";

/** The source of a connection's admin credential: exactly one of these. */
export type CredentialSource =
  | { readonly kind: "env"; readonly variable: string }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "command"; readonly command: readonly string[] }
  | { readonly kind: "config"; readonly token: string };

/** The one source of the connection's credential. */
export function credentialSource(
  { config, env }: ConfigSources,
  { name, settings }: Pick<Configured, "name" | "settings">,
): CredentialSource {
  const tokens = parseMap(config.get("apikeys:tokens"), "the config apikeys:tokens");
  const override = own(parseMap(env.APIKEYS_CONNECTIONS, "the environment variable APIKEYS_CONNECTIONS"), name);
  const token = namesCredential(asObject(override, `APIKEYS_CONNECTIONS.${name}`)) ? undefined : own(tokens, name);
  const sources: CredentialSource[] = [];
  if (settings.tokenEnv !== undefined) sources.push({ kind: "env", variable: settings.tokenEnv });
  if (settings.tokenFile !== undefined) sources.push({ kind: "file", path: settings.tokenFile });
  if (settings.tokenCommand !== undefined) sources.push({ kind: "command", command: settings.tokenCommand });
  if (token !== undefined) {
    if (typeof token !== "string")
      throw new ConfigError(
        `the config apikeys:tokens has ${kindOf(token)} for the connection "${name}"; give the token as text (pulumi config set --secret --path apikeys:tokens.${name}).`,
      );
    sources.push({ kind: "config", token });
  }
  const [source] = sources;
  if (source && sources.length === 1) return source;
  const problem = sources.length === 0 ? "no credential is configured" : "more than one credential is configured";
  throw new ConfigError(
    `connection "${name}": ${problem}. Give exactly one of tokenEnv, tokenFile, tokenCommand (config apikeys:connections.${name}, or the environment variable APIKEYS_CONNECTIONS), or the encrypted config apikeys:tokens.${name}.`,
  );
}

/**
 * The source of the credential in a few words, for the scope review: a pull request that makes a connection read
 * another variable sends that variable to a server. A command's arguments may contain anything, so a fingerprint stands
 * for them.
 */
export function placeOfCredential({ tokenEnv, tokenFile, tokenCommand }: Settings): string {
  const places = [
    ...(tokenEnv === undefined ? [] : [`environment variable ${tokenEnv}`]),
    ...(tokenFile === undefined ? [] : [`file ${tokenFile}`]),
    ...(tokenCommand === undefined
      ? []
      : [`command ${tokenCommand[0]} (${fingerprintOf(JSON.stringify(tokenCommand)).slice(0, 8)})`]),
  ];
  return places.length === 0 ? "encrypted config" : places.join(" and ");
}

const commandTimeoutMs = 30_000;

/**
 * Reads the credential at each call, because it may have been rotated. Messages name the source and never the value; a
 * command's own output is not shown.
 */
export async function readCredential(
  connection: string,
  source: CredentialSource,
  env: NodeJS.ProcessEnv = process.env,
  timeoutMs = commandTimeoutMs,
): Promise<string> {
  const token = await fetchCredential({ connection, source, env, timeoutMs });
  const place = describeSource(connection, source);
  rememberCredential(token.trim().slice(token.includes(":") ? token.indexOf(":") + 1 : 0), false);
  if (token === "")
    throw new ConfigError(
      `connection "${connection}": the admin token in ${place} is empty; put the service's admin token there.`,
    );
  const flaw = flawOf(token);
  if (flaw !== undefined)
    throw new ConfigError(
      `connection "${connection}": the admin token in ${place} contains ${flaw}; store the bare token, nothing else.`,
    );
  return token;
}

/** What no header can have, or no token has; undefined for a token as it should be. */
function flawOf(token: string): string | undefined {
  if (/[\r\n]/.test(token)) return "a line break";
  if (/[^\x00-\x7f]/.test(token)) return "a non-ASCII character";
  if (/[^\x20-\x7e]/.test(token)) return "a control character";
  if (token.length > longestToken) return "more than 16 KiB";
  return token.trim() === token ? undefined : "a blank at its beginning or end";
}

/** How long one result of a credential command is reused, so that 200 keys do not run it 200 times. */
const commandReuseMs = 10 * secondMs;

/** The credential of a connection, and where its source is looked up. */
interface CredentialOf<Source extends CredentialSource = CredentialSource> {
  readonly connection: string;
  readonly source: Source;
  readonly env: NodeJS.ProcessEnv;
}

/** Reads the credential for each call. */
export function tokenReader({ connection, source, env }: CredentialOf): () => Promise<string> {
  if (source.kind !== "command") return () => readCredential(connection, source, env);
  let recent: { readonly token: Promise<string>; readonly readAtMs: number } | undefined;
  return () => {
    if (!recent || performance.now() - recent.readAtMs > commandReuseMs) {
      recent = { token: readCredential(connection, source, env), readAtMs: performance.now() };
      recent.token.catch(() => (recent = undefined));
    }
    return recent.token;
  };
}

/** The source in words, as errors name it. */
export function describeSource(connection: string, source: CredentialSource): string {
  if (source.kind === "env") return `the environment variable ${source.variable}`;
  if (source.kind === "file") return `the file ${source.path}`;
  if (source.kind === "command") return `the output of the command "${source.command[0] ?? ""}"`;
  return `the config apikeys:tokens (entry "${connection}")`;
}

interface Fetching<Source extends CredentialSource = CredentialSource> extends CredentialOf<Source> {
  readonly timeoutMs: number;
}

async function fetchCredential({ source, ...facts }: Fetching): Promise<string> {
  switch (source.kind) {
    case "config":
      return source.token;
    case "env":
      return fromEnvironment({ ...facts, source });
    case "file":
      return fromFile({ ...facts, source });
    case "command":
      return fromCommand({ ...facts, source });
  }
}

type OfKind<Kind> = Fetching<Extract<CredentialSource, { readonly kind: Kind }>>;

function fromEnvironment({ connection, source: { variable }, env }: OfKind<"env">): string {
  const value = env[variable];
  if (value !== undefined) return value;
  // "$TOKEN" is how a shell writes it.
  const remedy = /^\$/.test(variable)
    ? "write the name alone, without the dollar sign"
    : "set it to the service's admin token";
  throw new ConfigError(
    `connection "${connection}": the environment variable ${variable} is not set (config apikeys:connections.${connection}.tokenEnv names it); ${remedy}.`,
  );
}

async function fromFile({ connection, source: { path } }: OfKind<"file">): Promise<string> {
  try {
    return withoutLastNewline(await readTokenFile(path));
  } catch (error) {
    const reason =
      error instanceof UnfitFile ? `(${error.message})` : `(${codeOf(error)}); check the path, and who may read it`;
    throw new ConfigError(
      `connection "${connection}": the file ${path} (config apikeys:connections.${connection}.tokenFile) cannot be read ${reason}.`,
    );
  }
}

async function fromCommand({ connection, source: { command }, env, timeoutMs }: OfKind<"command">): Promise<string> {
  const [program, ...args] = command;
  try {
    // Few connections need it, and loading it would slow down every command of the engine.
    const { execFile } = await import("node:child_process");
    const { stdout } = await promisify(execFile)(program ?? "", args, {
      timeout: timeoutMs,
      // A command that waits for input at a terminal may ignore a gentler signal.
      killSignal: "SIGKILL",
      env,
      maxBuffer: 4 * longestToken,
    });
    return withoutLastNewline(stdout);
  } catch (error) {
    const code = codeOf(error, timeoutMs);
    const remedy = code === "ENOENT" ? "install it, or write its whole path" : "run it by hand to see why";
    throw new ConfigError(
      `connection "${connection}": the command "${program ?? ""}" (config apikeys:connections.${connection}.tokenCommand) failed (${code}); ${remedy}.`,
    );
  }
}

/** No header can be longer. */
const longestToken = 16 * 1024;

class UnfitFile extends Error {}

/** Reads regular files only: a pipe may never end, and a device never does. */
async function readTokenFile(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const facts = await file.stat();
    if (facts.isDirectory()) throw Object.assign(new Error(), { code: "EISDIR" });
    if (!facts.isFile()) throw new UnfitFile("it is a pipe or a device, not a file; use tokenCommand");
    const { buffer, bytesRead } = await file.read(Buffer.alloc(longestToken + 1), 0, longestToken + 1, 0);
    if (bytesRead > longestToken) throw new UnfitFile("it has more than 16 KiB, so it is not a token");
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}

function withoutLastNewline(text: string): string {
  return text.replace(/\r?\n$/, "");
}

/** `ENOENT`, `exit code 1`, `stopped after 30 s`: never the message, which quotes arguments and output. */
function codeOf(error: unknown, timeoutMs?: number): string {
  const { code, killed, signal } = error as { code?: unknown; killed?: unknown; signal?: unknown };
  if (typeof code === "number") return `exit code ${code}`;
  // A command is also stopped for too much output; that error has a code.
  if (typeof code === "string") return code;
  if (killed === true && timeoutMs !== undefined) return `stopped after ${timeoutMs / 1000} s`;
  return typeof signal === "string" ? `ended by ${signal}` : "unknown reason";
}
