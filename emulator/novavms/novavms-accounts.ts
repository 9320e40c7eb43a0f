import { randomUUID } from "node:crypto";
import type { World } from "../emulated-service";
import type { Answer } from "../http/answer";
import { InvalidField } from "../http/fields";
import { rfc3339 } from "../http/instants";
import { conflict, notFound } from "./novavms-errors";
import { keyRevocation, refuseGatewayOwned } from "./novavms-keys";
import type { NovavmsUser } from "./novavms-organisations";
import { novavmsChange, type AccountRecord, type NovavmsRecords } from "./novavms-records";
import { readScopes } from "./novavms-scopes";
import { cursorPage } from "../http/paging";
import type { Call } from "../http/service";

const ROLES: readonly string[] = ["viewer", "operator", "admin"];

export function novavmsAccounts({ store, nowMs }: World, records: NovavmsRecords) {
  function find(caller: { readonly organisation: string }, id: string): AccountRecord {
    const account = records.account(id);
    if (account?.organisation !== caller.organisation) throw notFound();
    return account;
  }

  function requireFreeName(organisation: string, name: string): void {
    if (records.accountNamed(organisation, name)) throw conflict(`A service account is already named ${name}.`);
  }

  function list({ query }: Call, { organisation }: { readonly organisation: string }): Answer {
    const accounts = records.accounts(organisation);
    const page = cursorPage(accounts, query, { defaultLimit: 50 });
    const data = page.items.map(show);
    return { status: 200, body: { data, next_cursor: page.nextCursor, total: accounts.size } };
  }

  function get(_call: Call, caller: { readonly organisation: string }, id: string): Answer {
    return { status: 200, body: show(find(caller, id)) };
  }

  function create({ fields }: Call, { organisation }: NovavmsUser): Answer {
    const name = fields.text("name");
    const role = fields.text("role");
    if (!ROLES.includes(role)) throw new InvalidField("role", `must be one of ${ROLES.join(", ")}`);
    const scopes = fields.has("scopes") ? readScopes(fields) : [];
    requireFreeName(organisation, name);
    const account: AccountRecord = {
      id: randomUUID(),
      sequence: store.nextSequence(),
      organisation,
      name,
      role,
      scopes,
      enabled: true,
      createdAtMs: nowMs(),
    };
    store.commit(novavmsChange({ kind: "account", account }));
    return { status: 201, body: show(account) };
  }

  function patch({ fields }: Call, manager: NovavmsUser, id: string): Answer {
    const account = find(manager, id);
    for (const fixed of ["role", "scopes"]) {
      if (fields.has(fixed)) throw new InvalidField(fixed, "is fixed when the service account is created");
    }
    fields.allowOnly("name", "enabled");
    const name = fields.has("name") ? fields.text("name") : account.name;
    const enabled = fields.has("enabled") ? fields.bool("enabled") : account.enabled;
    if (name !== account.name) requireFreeName(account.organisation, name);
    const patched = { ...account, name, enabled };
    store.commit(novavmsChange({ kind: "account", account: patched }));
    return { status: 200, body: show(patched) };
  }

  function remove(_call: Call, manager: NovavmsUser, id: string): Answer {
    const account = find(manager, id);
    const live = [...store.listedKeys("novavms", id).after(0)].filter((key) => key.revokedAtMs === null);
    live.forEach(refuseGatewayOwned);
    const revocations = live.flatMap((key) => keyRevocation(key, manager, nowMs()));
    store.commit(...revocations, novavmsChange({ kind: "account-gone", id: account.id }));
    return { status: 204 };
  }

  return { find, list, get, create, patch, remove };
}

function show(account: AccountRecord): Readonly<Record<string, unknown>> {
  const { id, name, role, scopes, enabled, createdAtMs } = account;
  return { id, name, role, scopes, enabled, created_at: rfc3339(createdAtMs) };
}
