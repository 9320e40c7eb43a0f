/** Adopts keys that existed before, and tells what stays of adopted objects: records them as they are, and changes nothing on the service. */
import type { ApiKey, KeyRef } from "../../backends/definition";
import type { Connection, ConnectionFacts } from "../../connections/connections";
import { defined } from "../../values/defined";
import { ProviderError } from "../../errors";
import { redact } from "../../secrets/redact";
import { sameAccess } from "../../scopes";
import type { OptionValues } from "../../vendors/options";
import { isUnknown } from "../../values/wire";
import { sameInstant } from "../key/expiry";
import { type KeyRecord, recordIssued } from "../key/key-inputs";
import { statusOf } from "../key/key-on-service";
import type { ResourceContext } from "../context";
import type { ResourceType } from "./marking";
import { logicalName, type Origin, stackMark, usualNames } from "./names";
import { otherOptions } from "../fields/given-options";
import { isOwnKey, ownMark } from "../key/own-key";

/** What a program adopts: the service's id of a key, and its secret if somebody still has it. */
export interface AdoptKey {
  readonly keyId: string;
  readonly secret?: string;
}

export interface AdoptAccount {
  readonly accountId: string;
}

/** What the program says about the key that it adopts. */
export interface AdoptionRequest {
  readonly origin: Origin;
  readonly serviceAccountId?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly environment?: string | undefined;
  readonly expiresAt?: string | undefined;
  readonly options?: OptionValues | undefined;
}

export type AdoptedRecord = KeyRecord & { readonly adoptedId: string };

/** The inputs of a key that a program may adopt. */
interface AdoptingInputs extends AdoptionRequest {
  readonly connection: string;
  readonly adopt?: AdoptKey;
}

/** The record of the key that the program adopts; undefined if it asks for a new one. */
export async function adoptedKey(
  context: ResourceContext,
  type: ResourceType,
  inputs: AdoptingInputs,
): Promise<{ readonly record: AdoptedRecord; readonly connection: Connection } | undefined> {
  const { adopt, origin } = inputs;
  if (adopt === undefined) return undefined;
  const connection = context.connections.open(inputs.connection);
  if (!(await isToAdopt(context, connection, { type, origin, id: adopt.keyId }))) return undefined;
  const record = await keyAsTold(connection, { asked: inputs, adopt, nowMs: context.nowMs() });
  tellForeignMark(record.physicalName, origin, context.warn);
  return { record, connection };
}

/**
 * The record of an existing key. Only reads are sent.
 *
 * @throws ProviderError - there is no such key, it does not work any more, it differs from the program, or the secret
 *   belongs to another key.
 */
async function keyAsTold(
  connection: Connection,
  {
    asked,
    adopt: { keyId, secret },
    nowMs,
  }: { readonly asked: AdoptionRequest; readonly adopt: AdoptKey; readonly nowMs: number },
): Promise<AdoptedRecord> {
  const { serviceAccountId } = asked;
  const key = await findKey(connection, { keyId, serviceAccountId });
  if (!key)
    throw new ProviderError(
      `there is no key ${keyId}${serviceAccountId === undefined ? "" : ` under the account ${serviceAccountId}`}, so there is nothing to take over; check adopt.keyId${serviceAccountId === undefined ? "" : " and serviceAccountId"}`,
    );
  const differs = differences(key, asked, connection);
  if (differs.length > 0)
    throw new ProviderError(
      `the key ${keyId} is not as the program says: ${differs.join("; ")}. Write into the program what the key has, because taking a key over changes nothing; change it in a later update`,
    );
  return recordAdopted(connection, key, { secret, asked, nowMs });
}

/** The key itself, from its account's list if a service finds keys only by name. */
export async function findKey(
  { client }: Connection,
  { keyId: id, serviceAccountId }: { readonly keyId: string; readonly serviceAccountId: string | undefined },
): Promise<ApiKey | undefined> {
  const parent = serviceAccountId === undefined ? {} : { serviceAccountId };
  const listed = (await client.listKeys(parent))?.find((key) => key.id === id);
  return listed ? ((await client.getKey({ ...parent, id, name: listed.name })) ?? listed) : undefined;
}

/** The record of an existing key whose secret is proven. */
export async function recordAdopted(
  connection: Connection,
  key: ApiKey,
  {
    secret,
    asked,
    nowMs,
  }: { readonly secret?: string | undefined; readonly asked: AdoptionRequest; readonly nowMs: number },
): Promise<AdoptedRecord> {
  const status = statusOf(key, nowMs);
  if (status !== "active" && status !== "disabled")
    throw new ProviderError(`the key ${key.id} is ${status}: there is nothing to take over; issue another one`);
  const ref = defined({ id: key.id, name: key.name, serviceAccountId: asked.serviceAccountId });
  if (secret !== undefined) await proveSecret(connection, key, { ...ref, secret });
  const issued = { ...key, secret: secret ?? "" };
  const end = { expiresAt: asked.expiresAt, callerChosen: secret === undefined };
  const { secret: _secret, ...record } = recordIssued(
    issued,
    { ...defined({ ...asked }), ...end },
    { facts: connection, nowMs },
  );
  const isOwn = await isOwnKey(connection, defined({ id: key.id, secret }));
  return defined({ ...record, status, adoptedId: record.keyId, secret, ...ownMark(isOwn) });
}

/**
 * A secret counts as proven if it fits the mask that the service shows and the service accepts it. No message contains
 * it.
 */
async function proveSecret(
  { client, backend }: Connection,
  key: ApiKey,
  given: KeyRef & { readonly secret: string },
): Promise<void> {
  if (!fitsHint(key.hint, given.secret))
    throw new ProviderError(
      `the secret that was given is not that of the key ${key.id}: the service shows another beginning or end of it. Nothing was recorded; give the right one, or none`,
    );
  const answer = await client.probe?.(defined({ ...given, accessId: key.accessId }));
  if (answer === undefined)
    throw new ProviderError(
      `the secret that was given cannot be tried: ${backend} has no call that would tell. Nothing was recorded; leave the secret out, and rotate the key to have one that is known`,
    );
  const isAnothers =
    answer.serviceAccountId !== undefined &&
    given.serviceAccountId !== undefined &&
    answer.serviceAccountId !== given.serviceAccountId;
  if (!answer.works || isAnothers)
    throw new ProviderError(
      `the secret that was given is not that of the key ${key.id}: the service ${answer.works ? "knows it as another account's" : "refuses it"}. Nothing was recorded; give the right one, or none`,
    );
}

/** What differs between the service and the program. */
function differences(
  key: ApiKey,
  asked: AdoptionRequest,
  { catalogue, capabilities, keyOptions }: ConnectionFacts,
): string[] {
  const found: string[] = [];
  if (key.scopes && asked.scopes && !sameAccess(catalogue, key.scopes, asked.scopes))
    found.push(`its scopes are [${[...key.scopes].sort().join(", ")}]`);
  if (key.environment !== undefined && asked.environment !== undefined && key.environment !== asked.environment)
    found.push(`its environment is ${key.environment}`);
  if (asked.expiresAt !== undefined && !sameInstant(key.expiresAt, asked.expiresAt, capabilities.expiry.granularityMs))
    found.push(key.expiresAt === undefined ? "it has no end" : `it ends at ${key.expiresAt}`);
  return [...found, ...otherOptionWords({ declared: keyOptions, asked: asked.options, told: key.options })];
}

export function otherOptionWords(at: Parameters<typeof otherOptions>[0]): string[] {
  return otherOptions(at).map(
    ({ name, given }) => `its option "${name}" is ${given === "" ? "not set" : redact(JSON.stringify(given))}`,
  );
}

/** Warns of a name that another stack has given: two states with the same key would both change it. */
export function tellForeignMark(name: string, origin: Origin, warn: (message: string) => void): void {
  const mark = usualNames.plainMarkOf(name);
  if (mark === undefined || mark === stackMark(origin)) return;
  warn(
    `"${name}" looks like a name that another stack has given: make sure that no other state has it, because each of them would change and revoke it`,
  );
}

/** What the program wants to adopt, and as which resource. */
interface Adopting {
  readonly type: ResourceType;
  readonly origin: Origin;
  readonly id: string;
}

/**
 * True if this resource adopts the object now. If the state shows that it did so before, the program wants a successor.
 *
 * @throws ProviderError - another resource of the state has it
 */
export async function isToAdopt(
  { marking }: ResourceContext,
  connection: ConnectionFacts,
  { type, origin, id }: Adopting,
): Promise<boolean> {
  const holder = await marking.holder({ origin }, connection, id);
  if (!holder) return true;
  const { type: holding, name } = holder;
  if (holding === type && name === logicalName(origin)) return false;
  throw new ProviderError(
    `${id} belongs to ${holding} "${name}" of this stack already; take it over with one resource. To move it, use an alias, or remove the other from the state first`,
  );
}

/** The inputs after the adoption, which no longer need the given secret. */
export function withoutSpentSecret<Inputs extends { readonly adopt?: AdoptKey }>(
  olds: Partial<Inputs>,
  news: Inputs,
): Inputs {
  const { adopt } = news;
  return adopt === undefined || isUnknown(adopt) || olds.adopt?.keyId !== adopt.keyId
    ? news
    : { ...news, adopt: { keyId: adopt.keyId } };
}

/** True for an object that stays on the service when its resource goes. */
export function isLeft({
  adoptedId,
  revokeOnDestroy,
}: {
  readonly adoptedId?: string;
  readonly revokeOnDestroy?: boolean;
}): boolean {
  return adoptedId !== undefined && revokeOnDestroy !== true;
}

/** The warning about what stays. */
export function leftWords(what: string, id: string): string {
  return `${what} was there before and was taken over: it is left on the service (id ${id}). With revokeOnDestroy: true it would have been revoked`;
}

/**
 * True if a secret fits the part that a service shows of it: a mask such as `ply_live_2032…9f1a`, or its beginning
 * or end. An unknown form proves nothing and fits every secret.
 */
export function fitsHint(hint: string | undefined, secret: string): boolean {
  if (hint === undefined) return true;
  if (/^[\w-]+$/.test(hint) && !/[x_]{4}/i.test(hint)) return secret.startsWith(hint) || secret.endsWith(hint);
  const [, beginning = "", end = ""] = /^([\w-]*?)(?:…|\*+|•+|\.{2,}|x{4,})([\w-]*)$/i.exec(hint) ?? [];
  return secret.startsWith(beginning) && secret.endsWith(end) && secret.length > beginning.length + end.length;
}
