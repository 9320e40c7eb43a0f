/** Reads and validates the settings of a connection from the stack's config and the environment. Opens nothing. */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { z } from "zod";
import type { Backend } from "../backends/definition";
import { defaultTiming } from "../http/client";
import { dayMs, parseDuration } from "../values/durations";
import { ConfigError } from "../errors";
import { kindOf } from "../secrets/redact";
import { nearestWord, scopeLevels } from "../scopes";
import { vendorNamed } from "../vendors";

/** The stack config as the engine passes it. */
export interface RawConfig {
  get(key: string): string | undefined;
}

/** Where settings are written. */
export interface ConfigSources {
  readonly config: RawConfig;
  readonly env: NodeJS.ProcessEnv;
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
/** The fields of every connection. */
export const ownFields = {
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

/** A connection whose settings name this backend. */
export interface Configured {
  readonly name: string;
  readonly settings: Settings;
  readonly backend: Backend;
}

/** One connection's fields: `apikeys:connections`, overridden field by field by `APIKEYS_CONNECTIONS`. */
export function readSettings({ config, env }: ConfigSources, name: string): Settings {
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
export function namesCredential(fields: Readonly<Record<string, unknown>>): boolean {
  return credentialFields.some((field) => fields[field] !== undefined);
}

function withoutCredential(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([field]) => !credentialFields.some((own) => own === field)));
}

export function parseMap(text: string | undefined, place: string): Record<string, unknown> {
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
export function own(map: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}

export function asObject(value: unknown, place: string): Record<string, unknown> {
  if (value === undefined) return {};
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new ConfigError(`${place} is ${kindOf(value)}; write an object.`);
  return value as Record<string, unknown>;
}

/** Timers cannot count beyond 24 days, and nobody waits for a day. */
const longestWaitMs = dayMs;

/** Time limits of a call. */
export interface Timing {
  readonly timeoutMs: number;
  readonly retryBudgetMs: number;
}

export function readTiming(configured: Configured): Timing {
  const timing = {
    timeoutMs: durationIn(configured, "timeout") ?? defaultTiming.timeoutMs,
    retryBudgetMs: durationIn(configured, "retryBudget") ?? defaultTiming.retryBudgetMs,
  };
  if (timing.timeoutMs > 0) return timing;
  throw new ConfigError(
    `connection "${configured.name}": "timeout" is zero; give each attempt some time, such as 10s (config apikeys:connections.${configured.name}.timeout).`,
  );
}

function durationIn({ name, settings }: Configured, field: "timeout" | "retryBudget"): number | undefined {
  const text = settings[field];
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  const problem = typeof ms !== "number" ? ms.problem : ms > longestWaitMs ? "is longer than a day" : undefined;
  if (problem === undefined) return Number(ms);
  throw new ConfigError(`connection "${name}": "${field}" ${problem} (config apikeys:connections.${name}.${field}).`);
}
