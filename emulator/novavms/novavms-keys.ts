import { randomUUID } from "node:crypto";
import type { World } from "../emulated-service";
import type { Answer } from "../http/answer";
import { InvalidField } from "../http/fields";
import { rfc3339 } from "../http/instants";
import { visibleUseMs } from "../store/last-use";
import { conflict, forbidden, notFound } from "./novavms-errors";
import { NOVAVMS_ORGANISATIONS, type NovavmsUser } from "./novavms-organisations";
import { isGatewayOwned, novavmsChange, type AccountRecord, type NovavmsRecords } from "./novavms-records";
import { readScopes } from "./novavms-scopes";
import { newKey, type KeyRecord } from "../store/records";
import { randomAlphanumeric } from "../store/secrets";
import { covers, type Call } from "../http/service";
import type { Change } from "../store/store";

/** The vendor shows a use within a minute of the first request. */
export const LAST_USED_LAG_MS = 60_000;
const PREFIX_LENGTH = 8;
const AUDIT_KEPT_MS = 90 * 24 * 60 * 60 * 1000;

/** What the routes of keys need from the rest of the service. */
interface Parts {
  readonly records: NovavmsRecords;
  readonly findAccount: FindAccount;
}

type FindAccount = (caller: { readonly organisation: string }, id: string) => AccountRecord;

/** The routes of an account's keys, and of the audit log, which only concerns keys. */
export function novavmsKeys({ store, nowMs }: World, { records, findAccount }: Parts) {
  function find(call: Call, caller: NovavmsUser, accountId: string, keyId: string): KeyRecord {
    call.keyId = keyId;
    const account = findAccount(caller, accountId);
    const key = store.key("novavms", keyId);
    if (key?.parent !== account.id) throw notFound();
    return key;
  }

  /** `ownKey` is the key that makes the request, if no user does. */
  function list(caller: { readonly organisation: string }, accountId: string, ownKey?: KeyRecord): Answer {
    const account = findAccount(caller, accountId);
    if (ownKey && ownKey.parent !== account.id) throw forbidden("A key may list its own account's keys only.");
    const keys = [...store.listedKeys("novavms", account.id).after(0)];
    return { status: 200, body: { keys: keys.map((key) => show(key, nowMs())) } };
  }

  function create(call: Call, manager: NovavmsUser, accountId: string): Answer {
    const account = findAccount(manager, accountId);
    const { fields } = call;
    const name = fields.text("name");
    const scopes = readScopes(fields);
    requireWithinCeiling(account, scopes);
    const expiresAtMs = fields.instantMs("expires_at");
    if (expiresAtMs !== null && expiresAtMs <= nowMs()) throw new InvalidField("expires_at", "must lie ahead");
    if (!account.enabled) throw conflict("The service account is disabled.");
    const environment = NOVAVMS_ORGANISATIONS[account.organisation]?.environment ?? "live";
    const secret = `sk_${environment}_${randomAlphanumeric(40)}`;
    const key = newKey(secret, {
      service: "novavms",
      id: randomUUID(),
      sequence: store.nextSequence(),
      parent: account.id,
      name,
      scopes,
      environment,
      mask: secret.slice(0, PREFIX_LENGTH),
      createdAtMs: nowMs(),
      expiresAtMs,
    });
    store.commit({ kind: "key", key }, auditChange(key, manager, nowMs()));
    call.keyId = key.id;
    return { status: 201, body: { ...show(key, nowMs()), key: secret } };
  }

  function patch(call: Call, manager: NovavmsUser, accountId: string, keyId: string): Answer {
    const key = find(call, manager, accountId, keyId);
    const { fields } = call;
    if (fields.has("scopes")) throw new InvalidField("scopes", "are fixed when the key is created");
    fields.allowOnly("expires_at");
    if (!fields.has("expires_at")) throw new InvalidField("expires_at", "is required");
    const expiresAtMs = fields.instantMs("expires_at");
    if (key.revokedAtMs !== null) throw conflict("The key is revoked.");
    const patched = { ...key, expiresAtMs };
    store.commit({ kind: "key", key: patched });
    return { status: 200, body: show(patched, nowMs()) };
  }

  function revoke(call: Call, manager: NovavmsUser, accountId: string, keyId: string): Answer {
    const key = find(call, manager, accountId, keyId);
    refuseGatewayOwned(key);
    if (key.revokedAtMs === null) store.commit(...keyRevocation(key, manager, nowMs()));
    return { status: 200, body: show(store.key("novavms", keyId) ?? key, nowMs()) };
  }

  function audit({ query }: Call, { organisation }: { readonly organisation: string }): Answer {
    const wanted = (query.get("action") ?? "user.updated") === "user.updated";
    const sinceMs = nowMs() - AUDIT_KEPT_MS;
    const data = records.audit
      .entries()
      .filter((entry) => wanted && entry.organisation === organisation && entry.atMs >= sinceMs)
      .map(({ id, userId, prefix, scopes, atMs }) => {
        return { id, action: "user.updated", user_id: userId, prefix, scopes, created_at: rfc3339(atMs) };
      });
    return { status: 200, body: { data, next_cursor: null, total: data.length } };
  }

  return { list, create, patch, revoke, audit };
}

export function refuseGatewayOwned(key: KeyRecord): void {
  if (isGatewayOwned(key)) throw conflict("The key is owned by a gateway and cannot be revoked.");
}

/** Revokes a key, and writes the vendor's audit entry about it. */
export function keyRevocation(key: KeyRecord, manager: NovavmsUser, atMs: number): Change[] {
  return [{ kind: "key", key: { ...key, revokedAtMs: atMs } }, auditChange(key, manager, atMs)];
}

function auditChange({ mask, scopes }: KeyRecord, { id: userId, organisation }: NovavmsUser, atMs: number): Change {
  const entry = { service: "novavms", id: randomUUID(), atMs, organisation, userId, prefix: mask, scopes } as const;
  return novavmsChange({ kind: "audit", entry });
}

function requireWithinCeiling(account: AccountRecord, scopes: readonly string[]): void {
  if (account.scopes.length === 0) return;
  const excess = scopes.filter((scope) => !covers(account.scopes, scope));
  if (excess.length === 0) return;
  throw new InvalidField("scopes", `must stay within the service account's; ${excess.join(", ")} does not`);
}

/** Everything that may be shown later: never the secret. */
function show(key: KeyRecord, atMs: number): Readonly<Record<string, unknown>> {
  return {
    id: key.id,
    prefix: key.mask,
    name: key.name,
    scopes: key.scopes,
    created_at: rfc3339(key.createdAtMs),
    last_used_at: rfc3339(visibleUseMs(key.use, atMs, LAST_USED_LAG_MS)),
    expires_at: rfc3339(key.expiresAtMs),
    revoked_at: rfc3339(key.revokedAtMs),
    owner: isGatewayOwned(key) ? "gateway" : "service_account",
  };
}
