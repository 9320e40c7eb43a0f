import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { ConfigError } from "./errors";

/** Where a connection's admin credential comes from: exactly one of these. */
export type CredentialSource =
  | { readonly kind: "env"; readonly variable: string }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "command"; readonly command: readonly string[] }
  | { readonly kind: "config"; readonly token: string };

const commandTimeoutMs = 30_000;

/**
 * Reads the credential anew: it may have been rotated since the last call. Messages name the place
 * and never the value; a command's own output is not shown.
 */
export async function readCredential(
  connection: string,
  source: CredentialSource,
  env: NodeJS.ProcessEnv = process.env,
  timeoutMs = commandTimeoutMs,
): Promise<string> {
  const token = await fetchCredential(connection, source, env, timeoutMs);
  const place = describeSource(connection, source);
  if (token === "")
    throw new ConfigError(
      `connection "${connection}": the admin token in ${place} is empty; put the service's admin token there.`,
    );
  if (!/^[\x20-\x7e]+$/.test(token)) {
    const what = /[\r\n]/.test(token)
      ? "a line break"
      : /[^\x00-\x7f]/.test(token)
        ? "a non-ASCII character"
        : "a control character";
    throw new ConfigError(
      `connection "${connection}": the admin token in ${place} contains ${what}; store the bare token, nothing else.`,
    );
  }
  return token;
}

/** The place in words: what an error names. */
export function describeSource(connection: string, source: CredentialSource): string {
  if (source.kind === "env") return `the environment variable ${source.variable}`;
  if (source.kind === "file") return `the file ${source.path}`;
  if (source.kind === "command") return `the output of the command "${source.command[0] ?? ""}"`;
  return `the config apikeys:tokens (entry "${connection}")`;
}

async function fetchCredential(
  connection: string,
  source: CredentialSource,
  env: NodeJS.ProcessEnv,
  timeoutMs: number,
): Promise<string> {
  if (source.kind === "config") return source.token;
  if (source.kind === "env") {
    const value = env[source.variable];
    if (value === undefined) {
      throw new ConfigError(
        `connection "${connection}": the environment variable ${source.variable} is not set (config apikeys:connections.${connection}.tokenEnv names it); set it to the service's admin token.`,
      );
    }
    return value;
  }
  if (source.kind === "file") {
    try {
      return withoutLastNewline(await readFile(source.path, "utf8"));
    } catch (error) {
      throw new ConfigError(
        `connection "${connection}": the file ${source.path} (config apikeys:connections.${connection}.tokenFile) cannot be read (${codeOf(error)}).`,
      );
    }
  }
  const [program, ...args] = source.command;
  try {
    // Few connections need it, and every command of the engine would wait for it.
    const { execFile } = await import("node:child_process");
    const { stdout } = await promisify(execFile)(program ?? "", args, {
      timeout: timeoutMs,
      // A command that waits for an answer on a terminal may well ignore a polite signal.
      killSignal: "SIGKILL",
      env,
      maxBuffer: 1024 * 1024,
    });
    return withoutLastNewline(stdout);
  } catch (error) {
    throw new ConfigError(
      `connection "${connection}": the command "${program ?? ""}" (config apikeys:connections.${connection}.tokenCommand) failed (${codeOf(error, timeoutMs)}); run it by hand to see why.`,
    );
  }
}

function withoutLastNewline(text: string): string {
  return text.replace(/\r?\n$/, "");
}

/** `ENOENT`, `exit code 1`, `stopped after 30 s`: never the message, which quotes arguments and output. */
function codeOf(error: unknown, timeoutMs?: number): string {
  const { code, killed, signal } = error as { code?: unknown; killed?: unknown; signal?: unknown };
  if (typeof code === "number") return `exit code ${code}`;
  // Too much output stops a command as well, and has a code.
  if (typeof code === "string") return code;
  if (killed === true && timeoutMs !== undefined) return `stopped after ${timeoutMs / 1000} s`;
  return typeof signal === "string" ? `ended by ${signal}` : "unknown reason";
}
