import type { World } from "../emulated-service";
import type { Answer } from "../http/answer";
import { Fields, InvalidField } from "../http/fields";
import { rfc3339 } from "../http/instants";
import { visibleUseMs } from "../store/last-use";
import { cursorPage } from "../http/paging";
import { refusal } from "./pulsely-errors";
import type { PulselyRecords } from "./pulsely-records";
import { keyState, newKey, type KeyRecord } from "../store/records";
import { randomHex } from "../store/secrets";
import type { Call } from "../http/service";

/** The whole catalogue, which is closed. */
export const PULSELY_SCOPES = [
  "read:checks",
  "write:checks",
  "read:alerts",
  "write:alerts",
  "read:metrics",
  "admin:*",
] as const;

/** The vendor shows a use at once. */
export const LAST_USED_LAG_MS = 0;
const WORKSPACE = "default";
const STATES = ["active", "expired", "revoked"] as const;

export function pulselyKeys({ store, nowMs }: World, records: PulselyRecords) {
  function find(call: Call, id: string): KeyRecord {
    call.keyId = id;
    const key = store.key("pulsely", id);
    if (!key) throw refusal(404, "not_found", `There is no API key ${id}.`);
    return key;
  }

  function requireFreeName(name: string): void {
    const taken = records.unrevokedKeysNamed(name).some((key) => keyState(key, nowMs()) === "active");
    if (taken) throw refusal(409, "name_taken", `A live key is already named ${name}.`);
  }

  function list({ query }: Call): Answer {
    const status = query.has("status") ? Fields.ofQuery(query).oneOf("status", STATES) : undefined;
    const at = nowMs();
    const page = cursorPage(store.listedKeys("pulsely", WORKSPACE), query, {
      defaultLimit: 20,
      keep: (key) => status === undefined || keyState(key, at) === status,
    });
    const data = page.items.map((key) => show(key, at));
    return { status: 200, body: { data, has_more: page.nextCursor !== null, next_cursor: page.nextCursor } };
  }

  function get(call: Call, _caller: unknown, id: string): Answer {
    return { status: 200, body: show(find(call, id), nowMs()) };
  }

  function create(call: Call): Answer {
    const { fields } = call;
    const name = fields.text("name");
    const scopes = fields.selection("scopes", PULSELY_SCOPES);
    const environment = fields.has("environment") ? fields.oneOf("environment", ["live", "test"]) : "live";
    const expiresAtMs = fields.instantMs("expires_at");
    if (expiresAtMs !== null && expiresAtMs <= nowMs()) throw new InvalidField("expires_at", "must lie ahead");
    requireFreeName(name);
    const secret = `ply_${environment}_${randomHex(40)}`;
    const key = newKey(secret, {
      service: "pulsely",
      id: `key_${randomHex(16)}`,
      sequence: store.nextSequence(),
      parent: WORKSPACE,
      name,
      scopes,
      environment,
      mask: `${secret.slice(0, 15)}…${secret.slice(-4)}`,
      createdAtMs: nowMs(),
      expiresAtMs,
    });
    store.commit({ kind: "key", key });
    call.keyId = key.id;
    return { status: 201, body: { ...show(key, nowMs()), key: secret } };
  }

  function patch(call: Call, _caller: unknown, id: string): Answer {
    const key = find(call, id);
    const { fields } = call;
    if (fields.has("scopes")) throw refusal(422, "scopes_immutable", "The scopes of a key cannot be changed.");
    fields.allowOnly("name");
    const name = fields.text("name");
    if (keyState(key, nowMs()) !== "active") throw refusal(409, "key_not_active", "Only a live key can be renamed.");
    if (name !== key.name) requireFreeName(name);
    const renamed = { ...key, name };
    store.commit({ kind: "key", key: renamed });
    return { status: 200, body: show(renamed, nowMs()) };
  }

  function remove(call: Call, _caller: unknown, id: string): Answer {
    const key = find(call, id);
    if (key.revokedAtMs === null) store.commit({ kind: "key", key: { ...key, revokedAtMs: nowMs() } });
    return { status: 204 };
  }

  return { list, get, create, patch, remove };
}

/** Everything that may be shown later: never the secret. */
function show(key: KeyRecord, atMs: number): Readonly<Record<string, unknown>> {
  return {
    id: key.id,
    name: key.name,
    masked: key.mask,
    scopes: key.scopes,
    environment: key.environment,
    status: keyState(key, atMs),
    created_at: rfc3339(key.createdAtMs),
    expires_at: rfc3339(key.expiresAtMs),
    last_used_at: rfc3339(visibleUseMs(key.use, atMs, LAST_USED_LAG_MS)),
  };
}
