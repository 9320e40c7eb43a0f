/** A client of Keycloak as a service account, and as the holder of its one key. All functions are pure. */
import { randomBytes } from "node:crypto";
import { z } from "zod";
import { defined } from "../../values/defined";
import { secondMs } from "../../values/durations";
import { fingerprintOf } from "../../values/fingerprint";
import { formatTime } from "../../values/times";
import type { ApiKey, ServiceAccount } from "../definition";

export const clientSchema = z.object({
  id: z.string().min(1),
  clientId: z.string(),
  description: z.string().nullish(),
  enabled: z.boolean(),
  serviceAccountsEnabled: z.boolean(),
  secret: z.string().nullish(),
  attributes: z.record(z.string(), z.string()),
  defaultClientScopes: z.array(z.string()),
});
export type Client = z.infer<typeof clientSchema>;

/** Our attributes. */
export const own = {
  /** The client's secret is ours to change. */
  account: "pulumi-apikeys.account",
  accountLabels: "pulumi-apikeys.account-labels",
  /** The name of the key whose secret the client holds. */
  key: "pulumi-apikeys.key",
  keyLabels: "pulumi-apikeys.key-labels",
  /** The caller chose the key's secret. */
  chosen: "pulumi-apikeys.key-chosen",
} as const;

/** The server's attributes. Times are Unix seconds. */
const server = {
  created: "client.secret.creation.time",
  ends: "client.secret.expiration.time",
  previous: "client.secret.rotated",
  previousCreated: "client.secret.rotated.creation.time",
  previousEnds: "client.secret.rotated.expiration.time",
} as const;

/** The server adds it to every account. */
export const addedScope = "service_account";

/** The kind of client: confidential, and only a service account. */
export const serviceAccountKind = {
  publicClient: false,
  serviceAccountsEnabled: true,
  standardFlowEnabled: false,
  directAccessGrantsEnabled: false,
} as const;

export interface ClientChange {
  readonly secret?: string;
  readonly description?: string;
  readonly enabled?: true;
  /** Never left out: under a rotation policy the server fails without it. An empty attribute is removed. */
  readonly attributes: Readonly<Record<string, string>>;
}

export function drawSecret(): string {
  return randomBytes(32).toString("base64url");
}

/**
 * Replaces the secret in one step that may be repeated. The old secret stops at once, and a policy's limit on the life
 * of secrets counts from now.
 */
export function replaceSecret(secret: string, attributes: Readonly<Record<string, string>>): ClientChange {
  const now = String(Math.floor(Date.now() / secondMs));
  const times = {
    [server.created]: now,
    [server.ends]: "",
    [server.previous]: "",
    [server.previousCreated]: "",
    [server.previousEnds]: "",
  };
  return { secret, attributes: { ...times, ...attributes } };
}

/** The same, but the secret before the current one keeps working until its own end. */
export function replaceCurrentSecret(secret: string, attributes: Readonly<Record<string, string>>): ClientChange {
  const now = String(Math.floor(Date.now() / secondMs));
  return { secret, attributes: { [server.created]: now, [server.ends]: "", ...attributes } };
}

/** A revoke. A client cannot be without a secret, so it gets one that nobody knows. */
export function withoutKey(): ClientChange {
  return replaceSecret(drawSecret(), { [own.key]: "", [own.keyLabels]: "", [own.chosen]: "" });
}

export function keyNameOf({ attributes }: Client): string | undefined {
  return attributes[own.key];
}

/**
 * True for an expired secret. Any other change of the client would make the server rotate it, and revive it for the
 * grace.
 */
export function hasExpired(client: Client): boolean {
  const end = timeOf(client, server.ends);
  return end !== undefined && Date.parse(end) <= Date.now();
}

export function previousEndOf(client: Client): string | undefined {
  return timeOf(client, server.previousEnds);
}

export function toKey(client: Client): ApiKey {
  const previous = client.attributes[server.previous];
  const previousValidUntil = previousEndOf(client);
  const isKept = previous !== undefined && Date.parse(previousValidUntil ?? "") > Date.now();
  return defined({
    id: client.id,
    name: keyNameOf(client) ?? "",
    status: client.enabled ? "active" : "disabled",
    createdAt: timeOf(client, server.created),
    expiresAt: timeOf(client, server.ends),
    accessId: client.clientId,
    // A fingerprint would help to guess a chosen secret; its time tells generations apart as well.
    secretVersion: client.attributes[own.chosen] ? timeOf(client, server.created) : fingerprintOf(client.secret ?? ""),
    ...(isKept && { previousVersion: fingerprintOf(previous), previousValidUntil }),
  } as const);
}

export function toAccount(client: Client): ServiceAccount {
  return defined({
    id: client.id,
    name: client.clientId,
    status: client.enabled ? "active" : "disabled",
    scopes: client.defaultClientScopes.filter((name) => name !== addedScope).sort(),
    description: client.description ?? undefined,
  } as const);
}

function timeOf({ attributes }: Client, name: string): string | undefined {
  const seconds = Number(attributes[name]);
  return seconds > 0 ? formatTime(seconds * secondMs) : undefined;
}
