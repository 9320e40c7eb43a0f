import type { World } from "../emulated-service";
import type { Answer } from "../http/answer";
import { InvalidField } from "../http/fields";
import { laravelPage } from "./laravel-page";
import { wholeNumber } from "../http/paging";
import { refusal } from "./pulseapi-errors";
import { parentOf, parseParent, type UserInTeam } from "./pulseapi-users";
import { newKey, type KeyRecord } from "../store/records";
import { hashSecret, randomAlphanumeric } from "../store/secrets";
import type { Call } from "../http/service";

/** `*` is all of them. */
export const PULSEAPI_ABILITIES = [
  "monitors:read",
  "monitors:write",
  "checks:run",
  "incidents:read",
  "alerts:read",
  "alerts:write",
  "team:read",
  "*",
] as const;

export function pulseapiKeys({ store, nowMs }: World) {
  function find(call: Call, owner: UserInTeam, id: string): KeyRecord {
    call.keyId = id;
    const key = store.key("pulseapi", id);
    if (key?.parent === parentOf(owner) && key.revokedAtMs === null) return key;
    throw refusal(404, `No query results for model [App\\Models\\ApiKey] ${id}`);
  }

  function list({ query, baseUrl, path }: Call, owner: UserInTeam): Answer {
    const page = wholeNumber(query, "page", { fallback: 1, max: 999_999_999 });
    const perPage = wholeNumber(query, "per_page", { fallback: 15, max: 100 });
    const keys = store.listedKeys("pulseapi", parentOf(owner));
    const data = keys.slice((page - 1) * perPage, perPage).map(show);
    return { status: 200, body: laravelPage(data, { page, perPage, total: keys.size, url: baseUrl + path }) };
  }

  function get(call: Call, owner: UserInTeam, id: string): Answer {
    return { status: 200, body: { data: show(find(call, owner, id)) } };
  }

  function create(call: Call, owner: UserInTeam): Answer {
    const { fields } = call;
    const name = fields.text("name");
    const scopes = fields.selection("abilities", PULSEAPI_ABILITIES);
    const sequence = store.nextSequence();
    const id = String(sequence);
    const token = newToken(id);
    const parent = parentOf(owner);
    const createdAtMs = nowMs();
    const facts = { id, sequence, parent, name, scopes, createdAtMs, mask: token.slice(-8) };
    const key = newKey(token, { service: "pulseapi", environment: "live", expiresAtMs: null, ...facts });
    store.commit({ kind: "key", key });
    call.keyId = id;
    return { status: 201, body: { data: show(key), token } };
  }

  function patch(call: Call, owner: UserInTeam, id: string): Answer {
    const key = find(call, owner, id);
    const { fields } = call;
    if (fields.has("abilities")) throw new InvalidField("abilities", "cannot be changed");
    const patched = { ...key, name: fields.text("name") };
    store.commit({ kind: "key", key: patched });
    return { status: 200, body: { data: show(patched) } };
  }

  function rotate(call: Call, owner: UserInTeam, id: string): Answer {
    const key = find(call, owner, id);
    const token = newToken(id);
    const rotated = { ...key, hash: hashSecret(token), mask: token.slice(-8) };
    store.commit({ kind: "key", key: rotated });
    return { status: 200, body: { data: show(rotated), token } };
  }

  function remove(call: Call, owner: UserInTeam, id: string): Answer {
    const key = find(call, owner, id);
    store.commit({ kind: "key", key: { ...key, revokedAtMs: nowMs() } });
    return { status: 204 };
  }

  return { list, get, create, patch, rotate, remove };
}

function newToken(keyId: string): string {
  return `${keyId}|${randomAlphanumeric(40)}`;
}

/** Everything that may be shown later: never the token. */
function show(key: KeyRecord): Readonly<Record<string, unknown>> {
  const usedMs = key.use.exactMs;
  return {
    id: Number(key.id),
    name: key.name,
    last_eight: key.mask,
    abilities: key.scopes,
    team_id: parseParent(key.parent).teamId,
    last_used_at: usedMs === null ? null : new Date(usedMs).toISOString().slice(0, 10),
    created_at: new Date(key.createdAtMs).toISOString().replace("Z", "000Z"),
  };
}
