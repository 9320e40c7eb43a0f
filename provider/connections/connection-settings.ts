/** Reads and validates the settings of a connection from the stack's config and the environment. Opens nothing. */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { z } from "zod";
import type { Backend, Capabilities } from "../backends/definition";
import type { CredentialSource } from "./credentials";
import { defaultTiming } from "../http/client";
import { isLoopback } from "../http/network";
import type { TlsFiles } from "../http/tls-files";
import { dayMs, parseDuration } from "../values/durations";
import { ConfigError } from "../errors";
import { fingerprintOf } from "../values/fingerprint";
import { kindOf } from "../secrets/redact";
import {
  type ExtraScopes,
  isKnownScope,
  nearestScope,
  nearestWord,
  type ScopeCatalogue,
  scopeLevels,
  withExtraScopes,
} from "../scopes";
import { asThrown } from "../thrown";
import { vendorNamed } from "../vendors";
import { scopesOn } from "../vendors/vendor";

/** The stack config as the engine passes it. */
export interface RawConfig {
  get(key: string): string | undefined;
}

// Written out: zod's own messages would repeat the kind of value in other words.
const text = z.string({ error: "write text" }).min(1, { error: "write text" });
const duration = z.string({ error: "write a duration as text, such as 10s, 15m or 90d" });
const flag = z.boolean({ error: "write true or false" });
const command = {
  error: "write the program and its arguments as a list of texts, such as [op, read, op://infra/acme/token]",
};

const extraScope = {
  error:
    'write what the scope can do, such as { "level": "read" }; level is read, write or admin, and implies a list of scopes',
};
const ownFields = {
  backend: z
    .string({ error: "name a built-in backend, an installed package, or a path relative to the program" })
    .min(1, { error: "name a backend" }),
  url: text.optional(),
  tokenEnv: text.optional(),
  tokenFile: text.optional(),
  tokenCommand: z.array(z.string(command), command).nonempty(command).optional(),
  allowUndocumentedEndpoints: flag.optional(),
  allowPlainHttp: flag.optional(),
  assumeGone: z.array(text, { error: "write a list of account ids, or the connection's own address" }).optional(),
  extraScopes: z
    .record(
      // Reviewers read this name, so it must look like what it is.
      z.string().regex(/^(?=.{1,200}$)[\x21-\x7e]+(?: [\x21-\x7e]+)*$/),
      z.strictObject(
        {
          level: z.enum(scopeLevels, extraScope).optional(),
          implies: z.array(z.string(extraScope).min(1, extraScope), extraScope).optional(),
        },
        extraScope,
      ),
      {
        error:
          'write scopes by name (ASCII, single blanks inside, at most 200 characters), such as { "reports:read": { "level": "read" } }',
      },
    )
    .optional(),
  movedFrom: z.array(text, { error: "write a list of addresses" }).optional(),
  maxLife: duration.optional(),
  maxRequestsPerMinute: z
    .number({ error: "write a whole number of requests, at least 1" })
    .int({ error: "write a whole number of requests, at least 1" })
    .positive({ error: "write a whole number of requests, at least 1" })
    .optional(),
  retryBudget: duration.optional(),
  timeout: duration.optional(),
  caFile: text.optional(),
  clientCertFile: text.optional(),
  clientKeyFile: text.optional(),
};
const credentialFields = ["tokenEnv", "tokenFile", "tokenCommand"] as const;
const settingsSchema = z.looseObject(ownFields);
export type Settings = z.infer<typeof settingsSchema>;

/** One connection's fields: `apikeys:connections`, overridden field by field by `APIKEYS_CONNECTIONS`. */
export function readSettings(config: RawConfig, env: NodeJS.ProcessEnv, name: string): Settings {
  const fromConfig = parseMap(config.get("apikeys:connections"), "the config apikeys:connections");
  const fromEnv = parseMap(env.APIKEYS_CONNECTIONS, "the environment variable APIKEYS_CONNECTIONS");
  const names = [...new Set([...Object.keys(fromConfig), ...Object.keys(fromEnv)])].sort();
  if (!names.includes(name)) {
    const known = names.length > 0 ? `known connections: ${names.join(", ")}` : "no connection is configured";
    const near = nearestWord(name, names);
    throw new ConfigError(
      `connection "${name}" is not configured${near === undefined ? "" : `; did you mean "${near}"?`} (${known}). ${Object.keys(fromConfig).length > 0 && projectHas(name) ? overruled : "Add it under apikeys:connections in the stack's config, or to the environment variable APIKEYS_CONNECTIONS."}`,
    );
  }
  const base = asObject(own(fromConfig, name), `apikeys:connections.${name}`);
  const override = asObject(own(fromEnv, name), `APIKEYS_CONNECTIONS.${name}`);
  const merged = { ...(namesCredential(override) ? withoutCredential(base) : base), ...override };
  const result = settingsSchema.safeParse(merged);
  if (result.success) return result.data;
  throw wrongField(name, result.error.issues[0], merged);
}

function wrongField(
  name: string,
  issue: { readonly path: readonly PropertyKey[]; readonly message: string } | undefined,
  merged: Readonly<Record<string, unknown>>,
): ConfigError {
  const at = issue?.path ?? [];
  const field = at.join(".");
  const value = at.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], merged);
  const isNoBackend = field === "backend" && value === undefined;
  const other = isNoBackend ? backendElsewhere(merged) : undefined;
  if (other !== undefined)
    return new ConfigError(
      `connection "${name}": the field "backend" is nothing, and "${other}" names a backend; call that field "backend" (config apikeys:connections.${name}.${other}, or APIKEYS_CONNECTIONS).`,
    );
  // A stack's own apikeys:connections replaces the project's as a whole.
  const replaced = isNoBackend && Object.keys(merged).length > 0 ? ` ${overruled}` : "";
  return new ConfigError(
    `connection "${name}": the field "${field}" is ${kindOf(value)}; ${issue?.message ?? "it is not valid"} (config apikeys:connections.${name}.${field}, or APIKEYS_CONNECTIONS).${replaced}`,
  );
}

/** The field in which somebody has named a built-in backend: `provider`, `type`, `service`. */
function backendElsewhere(fields: Readonly<Record<string, unknown>>): string | undefined {
  return Object.keys(fields).find(
    (field) => !Object.hasOwn(ownFields, field) && vendorNamed(String(fields[field])) !== undefined,
  );
}

const overruled =
  "A stack's apikeys:connections replaces the project's as a whole: repeat there what the project has, or change single fields with APIKEYS_CONNECTIONS.";

/** True if the project's file configures this connection: then the stack's own config has removed it. */
function projectHas(name: string): boolean {
  const file = ["Pulumi.yaml", "Pulumi.yml"].find((each) => existsSync(each));
  if (file === undefined) return false;
  try {
    const { parse } = createRequire(__filename)("yaml") as { parse: (text: string) => unknown };
    const { config } = (parse(readFileSync(file, "utf8")) ?? {}) as { readonly config?: Record<string, unknown> };
    const entry = config?.["apikeys:connections"] as { readonly value?: object } | undefined;
    return Object.hasOwn(entry?.value ?? entry ?? {}, name);
  } catch {
    return false;
  }
}

/** An override of the credential replaces the configured one: a connection may name only one. */
function namesCredential(fields: Readonly<Record<string, unknown>>): boolean {
  return credentialFields.some((field) => fields[field] !== undefined);
}

function withoutCredential(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([field]) => !credentialFields.some((own) => own === field)));
}

function parseMap(text: string | undefined, place: string): Record<string, unknown> {
  if (text === undefined || text.trim() === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ConfigError(`${place} is not valid JSON; write an object of connections by name.`);
  }
  return asObject(value, place);
}

/** Reads the map's own entries only: every object has a "constructor". */
function own(map: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}

function asObject(value: unknown, place: string): Record<string, unknown> {
  if (value === undefined) return {};
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new ConfigError(`${place} is ${kindOf(value)}; write an object.`);
  return value as Record<string, unknown>;
}

/** Lets the backend read its own fields of the connection. */
export function readOptions(name: string, backend: Backend, settings: Settings): unknown {
  assertNoCredential(name, settings);
  const rest = Object.fromEntries(Object.entries(settings).filter(([field]) => !Object.hasOwn(ownFields, field)));
  const [unknown] = Object.keys(rest);
  if (!backend.options) {
    if (unknown === undefined) return undefined;
    throw new ConfigError(
      `connection "${name}": unknown field "${unknown}".${meant(unknown)} Known fields: ${Object.keys(ownFields).join(", ")}.`,
    );
  }
  try {
    return backend.options(rest);
  } catch (error) {
    const thrown = asThrown(error);
    if (thrown instanceof ConfigError)
      throw new ConfigError(`connection "${name}": ${thrown.message}${unknown === undefined ? "" : meant(unknown)}`);
    throw thrown;
  }
}

/** Fields in which people write a token itself. A backend may have a field of that name for something that is no secret. */
const credentialWords = [
  "token",
  "apiToken",
  "apiKey",
  "accessToken",
  "adminToken",
  "secret",
  "password",
  "credential",
];

function assertNoCredential(name: string, settings: Settings): void {
  const field = credentialWords.find((word) => typeof settings[word] === "string");
  if (field === undefined) return;
  throw new ConfigError(
    `connection "${name}": "${field}" holds a text, and a credential does not belong in the config, which keeps connections in clear. Take it out, say where it is with tokenEnv, tokenFile or tokenCommand, or keep it encrypted (pulumi config set --secret --path apikeys:tokens.${name}).`,
  );
}

function meant(field: string): string {
  const near = nearestWord(field, Object.keys(ownFields));
  return near ? ` Did you mean "${near}"?` : "";
}

/** The backend's catalogue with the scopes that the connection adds. */
export function readCatalogue(
  name: string,
  { capabilities, name: backend }: Pick<Backend, "capabilities" | "name">,
  known: ScopeCatalogue | undefined,
  extraScopes: ExtraScopes | undefined,
): ScopeCatalogue | undefined {
  const field = `config apikeys:connections.${name}.extraScopes`;
  if (extraScopes && scopesOn(capabilities) === "none" && capabilities.serviceAccounts?.scopes === "none")
    throw new ConfigError(`connection "${name}": ${backend} has no scopes; leave "extraScopes" out (${field}).`);
  const catalogue = withExtraScopes(known, extraScopes);
  for (const [scope, { implies = [] }] of Object.entries(catalogue?.extra ?? {})) {
    const unknown = implies.find((implied) => catalogue && !implied.includes("*") && !isKnownScope(catalogue, implied));
    if (catalogue === undefined || unknown === undefined) continue;
    const near = nearestScope(catalogue, unknown);
    throw new ConfigError(
      `connection "${name}": "extraScopes" says that ${JSON.stringify(scope)} implies ${JSON.stringify(unknown)}, which is not a scope of ${backend}${near === undefined ? "" : `; did you mean "${near}"?`} (${field}).`,
    );
  }
  return catalogue;
}

/** The backend's capabilities, with the connection's limit on the life of a key. */
export function readCapabilities(
  name: string,
  { capabilities, name: backend }: Pick<Backend, "capabilities" | "name">,
  { maxLife }: Settings,
): Capabilities {
  if (maxLife === undefined) return capabilities;
  const { expiry } = capabilities;
  const field = `config apikeys:connections.${name}.maxLife`;
  if (expiry.support === "none")
    throw new ConfigError(
      `connection "${name}": keys of ${backend} have no end of their own; leave "maxLife" out (${field}).`,
    );
  const ms = parseDuration(maxLife);
  const problem = typeof ms !== "number" ? ms.problem : ms === 0 ? "is zero; write a time such as 90d" : undefined;
  if (problem !== undefined) throw new ConfigError(`connection "${name}": "maxLife" ${problem} (${field}).`);
  const longestMs = Math.min(Number(ms), expiry.longestMs ?? Infinity);
  return { ...capabilities, expiry: { ...expiry, longestMs } };
}

/** The base URL without a trailing slash. */
export function readUrl(name: string, backend: Backend, settings: Settings): string {
  const text = settings.url ?? backend.defaultUrl;
  if (text === undefined)
    throw new ConfigError(
      `connection "${name}": "url" is missing; the backend "${backend.name}" has no address of its own (config apikeys:connections.${name}.url).`,
    );
  const url = parseUrl(name, "url", text);
  const foreign = hostThatLooksLikeAnother(text, url);
  if (foreign !== undefined)
    throw new ConfigError(
      `connection "${name}": "url" has characters beyond ASCII in its host, which can look like another host. It is really "${foreign}": if that is meant, write it so (config apikeys:connections.${name}.url).`,
    );
  if (url.username !== "" || url.password !== "")
    throw new ConfigError(
      `connection "${name}": "url" contains a user name or password; take it out and use tokenEnv, tokenFile or tokenCommand.`,
    );
  // Even an empty one, because the path of a request would follow it.
  if (/[?#]/.test(text))
    throw new ConfigError(
      `connection "${name}": "url" contains a query or fragment; give the base address of the API only.`,
    );
  if (/\/(?:\.|%2e){1,2}(?:[/\\]|$)|\\|[^:]\/\//i.test(text))
    throw new ConfigError(
      `connection "${name}": the path of "url" has empty or dot segments, or a backslash, so that it leads elsewhere than it says; write the path that is meant (config apikeys:connections.${name}.url).`,
    );
  if (url.protocol === "http:" && !isLoopback(url) && settings.allowPlainHttp !== true) {
    throw new ConfigError(
      `connection "${name}": "url" is plain http beyond this machine, so the admin token would travel unencrypted; use https, or set allowPlainHttp: true.`,
    );
  }
  return url.href.replace(/\/+$/, "");
}

function parseUrl(name: string, field: string, text: string): URL {
  const url = URL.parse(text);
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new ConfigError(
      `connection "${name}": "${field}" is not an http or https address; write all of it, such as https://api.example.com/v1 (config apikeys:connections.${name}.${field}).`,
    );
  }
  return url;
}

/** The host in ASCII if the text spells it in other letters, in any encoding. */
function hostThatLooksLikeAnother(text: string, { hostname }: URL): string | undefined {
  const written = text.toLowerCase();
  return hostname.split(".").some((label) => label.startsWith("xn--") && !written.includes(label))
    ? hostname
    : undefined;
}

/** The origin of a URL, with the path if the path tells services apart. */
export function originOf(name: string, field: string, text: string, withPath = false): string {
  const { origin, pathname } = parseUrl(name, field, text);
  return withPath ? origin + pathname.replace(/\/+$/, "") : origin;
}

/** The connection's own certificates; undefined if it has none. */
export function readTls(name: string, url: string, settings: Settings): TlsFiles | undefined {
  const { caFile, clientCertFile, clientKeyFile } = settings;
  const [field] = (["caFile", "clientCertFile", "clientKeyFile"] as const).filter(
    (each) => settings[each] !== undefined,
  );
  if (field === undefined) return undefined;
  if (!url.startsWith("https:"))
    throw new ConfigError(
      `connection "${name}": "${field}" is for https, and "url" is plain http; write https, or leave it out (config apikeys:connections.${name}.${field}).`,
    );
  if ((clientCertFile === undefined) !== (clientKeyFile === undefined))
    throw new ConfigError(
      `connection "${name}": "${clientCertFile === undefined ? "clientCertFile" : "clientKeyFile"}" is missing; a client certificate and its key go together (config apikeys:connections.${name}).`,
    );
  return { connection: name, caFile, clientCertFile, clientKeyFile };
}

/** Timers cannot count beyond 24 days, and nobody waits for a day. */
const longestWaitMs = dayMs;

/** Time limits of a call. */
export interface Timing {
  readonly timeoutMs: number;
  readonly retryBudgetMs: number;
}

export function readTiming(name: string, { timeout, retryBudget }: Settings): Timing {
  const timing = {
    timeoutMs: readDuration(name, "timeout", timeout, defaultTiming.timeoutMs),
    retryBudgetMs: readDuration(name, "retryBudget", retryBudget, defaultTiming.retryBudgetMs),
  };
  if (timing.timeoutMs > 0) return timing;
  throw new ConfigError(
    `connection "${name}": "timeout" is zero; give each attempt some time, such as 10s (config apikeys:connections.${name}.timeout).`,
  );
}

function readDuration(name: string, field: string, text: string | undefined, fallbackMs: number): number {
  if (text === undefined) return fallbackMs;
  const ms = parseDuration(text);
  const problem = typeof ms !== "number" ? ms.problem : ms > longestWaitMs ? "is longer than a day" : undefined;
  if (problem === undefined) return Number(ms);
  throw new ConfigError(`connection "${name}": "${field}" ${problem} (config apikeys:connections.${name}.${field}).`);
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

/**
 * The parts of a connection beyond its origin that decide which service it reaches, for the scope review: another path
 * on one host may be another service. It also covers the certificates that it trusts and what counts as gone, because a
 * pull request that adds an authority or a consent changes no other input. A fingerprint stands for long values.
 */
export function routeOf(
  url: string,
  ownUrl: string | undefined,
  { dialect, caFile, clientCertFile, assumeGone }: Settings,
): string | undefined {
  const pathOf = (text: string): string => new URL(text).pathname.replace(/\/+$/, "");
  const path = pathOf(url);
  const isOwn = path === "" || (ownUrl !== undefined && path === pathOf(ownUrl));
  const parts = [
    ...(isOwn ? [] : [`path ${path}`]),
    ...printOf("dialect", dialect),
    ...printOf("authority", caFile),
    ...printOf("client certificate", clientCertFile),
    ...printOf("assumed gone", assumeGone),
  ];
  return parts.length === 0 ? undefined : parts.join(", ");
}

function printOf(what: string, setting: unknown): string[] {
  return setting === undefined ? [] : [`${what} ${fingerprintOf(JSON.stringify(setting)).slice(0, 8)}`];
}

/** The path in a route; undefined if it has none. */
export function pathOfRoute(route: string | undefined): string | undefined {
  return /^path (\S+?)(?:, .*)?$/.exec(route ?? "")?.[1];
}

/** The one source of the connection's credential. */
export function credentialSource(
  config: RawConfig,
  env: NodeJS.ProcessEnv,
  name: string,
  settings: Settings,
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
