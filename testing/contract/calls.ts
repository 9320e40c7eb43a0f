/** Every call of a backend, prepared for the promises about bad answers. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { ApiKey, BackendClient, KeyRef, ServiceAccount } from "../../provider/backends/definition";
import { hourMs } from "../../provider/values/durations";
import { mayLive } from "../../provider/resources/key/absence";
import { assertAccountForm, assertKeyForm } from "../assertions";
import { type Issued, parentOf, type Workbench } from "../workbench";

/** One call of a client, ready to be made. */
export interface PreparedCall {
  /** The name of the key to create. */
  readonly name?: string;
  /** What its requests may contain and no message may. */
  readonly secrets: readonly string[];
  run(client: BackendClient): Promise<unknown>;
  /** Runs if the call says that it succeeded. */
  assertTrue(outcome: unknown): Promise<void>;
  /** Removes what the call has made and the workbench does not know. */
  clean(): Promise<void>;
}

export type PrepareCall = () => Promise<PreparedCall>;

/** Every call that the backend offers. Calls about a key or an account share one as long as it lives. */
export function callsOf(bench: Workbench): Readonly<Record<string, PrepareCall>> {
  return { ...keyCalls(bench), ...accountCalls(bench) };
}

export function keyCalls(bench: Workbench): Readonly<Record<string, PrepareCall>> {
  const { can } = bench;
  const aboutKey = callsAboutKey(bench);
  const changes = {
    ...(can.description === "update" && { description: "weekly export" }),
    ...(can.marker === "metadata" && { labels: { owner: "team-b" } }),
    ...(can.expiry.update && { expiresAt: bench.timeIn(48 * hourMs) }),
  };
  return {
    createKey: () => creation(bench),
    getKey: aboutKey({ run: (client, ref) => client.getKey(ref), isTrue: (outcome, { id }) => isOf(id, outcome) }),
    listKeys: aboutKey({
      run: (client, ref) => client.listKeys(parentOf(ref)),
      isTrue: (outcome, { id }) => includes(id, outcome),
    }),
    ...(bench.client.updateKey && {
      updateKey: aboutKey({
        run: async (client, ref) => client.updateKey?.(ref, { ...changes, ...(can.rename && { name: ref.name }) }),
        isTrue: (outcome, { id }) => isOf(id, outcome),
      }),
    }),
    ...(can.nativeRotate && {
      rotateKey: aboutKey({
        run: async (client, ref) => client.rotateKey?.(ref, { graceMs: 0, name: ref.name }),
        isTrue: (outcome) => hasSecret(outcome),
        spends: true,
      }),
    }),
    revokeKey: aboutKey({
      run: (client, ref) => client.revokeKey(ref),
      isTrue: async (_outcome, ref) => (await bench.client.getKey(ref))?.status !== "active",
    }),
  };
}

interface AboutKey {
  readonly run: (client: BackendClient, ref: KeyRef) => Promise<unknown>;
  readonly isTrue: (outcome: unknown, ref: KeyRef) => boolean | Promise<boolean>;
  /** Another key for every call. */
  readonly spends?: boolean;
}

function callsAboutKey(bench: Workbench): (about: AboutKey) => PrepareCall {
  let current: Issued | undefined;
  const living = async () => {
    if (current && (await bench.client.getKey(current.ref))?.status === "active") return current;
    current = await bench.issue(bench.can.expiry.update ? { expiresAt: bench.timeIn(24 * hourMs) } : {});
    return current;
  };
  return ({ run, isTrue, spends = false }) =>
    async () => {
      const { key, ref } = await living();
      return {
        secrets: [key.secret],
        run: (client) => run(client, ref),
        assertTrue: async (outcome) => assert.ok(await isTrue(outcome, ref), "it says what is not so"),
        clean: async () => (spends ? revokeAll(bench, ref) : undefined),
      };
    };
}

/** A create, and whether what it was to make is there. */
export interface Creation extends PreparedCall {
  readonly name: string;
  readonly isThere: () => Promise<boolean>;
  /** True if this call made a living key with that id that no list contains. */
  readonly isHidden?: (id: string) => Promise<boolean>;
}

export async function creation(bench: Workbench, secretValue?: string): Promise<Creation> {
  const request = bench.request(await bench.parent(), secretValue === undefined ? {} : { secretValue });
  const { name } = request;
  return {
    name,
    secrets: secretValue === undefined ? [] : [secretValue],
    run: (client) => client.createKey(request),
    async assertTrue(outcome) {
      assertKeyForm(outcome as never);
      assert.ok(hasSecret(outcome), "createKey must return the secret");
      const { id, status } = outcome as ApiKey;
      const found = await bench.client.getKey({ id, name, ...parentOf(request) });
      assert.ok(found, "createKey returns a key that does not exist");
      assert.deepEqual(
        { name: found.name, status: found.status },
        { name, status },
        "createKey returns another key than getKey",
      );
    },
    isThere: async () => (await bench.client.listKeys(parentOf(request)))?.some((key) => key.name === name) ?? false,
    async isHidden(id) {
      const parent = parentOf(request);
      const key = await bench.client.getKey({ id, name, ...parent }).catch(() => undefined);
      return (
        key?.name === name && mayLive(key) && !(await bench.client.listKeys(parent))?.some((each) => each.id === id)
      );
    },
    clean: () => revokeAll(bench, { id: "", name, ...parentOf(request) }),
  };
}

/** By name, because an interrupted call reports no id or has changed it. */
async function revokeAll(bench: Workbench, ref: KeyRef): Promise<void> {
  const keys = (await bench.client.listKeys(parentOf(ref))) ?? [];
  for (const { id, name } of keys) if (name === ref.name) await bench.client.revokeKey({ ...ref, id });
}

export function chosenSecret(): string {
  return `Chosen.${randomBytes(24).toString("base64url")}`;
}

function accountCalls(bench: Workbench): Readonly<Record<string, PrepareCall>> {
  const { serviceAccounts } = bench.can;
  if (!serviceAccounts) return {};
  const aboutAccount = callsAboutAccount(bench);
  const { otherRole } = bench.harness;
  const changes = {
    ...(serviceAccounts.description === "update" && { description: "weekly export" }),
    ...(serviceAccounts.scopes === "update" && { scopes: bench.scopes(1) }),
    ...(serviceAccounts.role === "update" && otherRole !== undefined && { role: otherRole }),
  };
  return {
    createServiceAccount: () => Promise.resolve(accountCreation(bench)),
    getServiceAccount: aboutAccount({
      run: async (client, { id }) => client.getServiceAccount?.(id),
      isTrue: (outcome, { id }) => isOf(id, outcome),
    }),
    listServiceAccounts: aboutAccount({
      run: async (client) => client.listServiceAccounts?.({}),
      isTrue: (outcome, { id }) => includes(id, outcome),
    }),
    "listServiceAccounts by name": aboutAccount({
      run: async (client, { name }) => client.listServiceAccounts?.({ name }),
      isTrue: (outcome, { id }) => includes(id, outcome),
    }),
    ...(bench.client.updateServiceAccount && {
      updateServiceAccount: aboutAccount({
        run: async (client, { id, name }) =>
          client.updateServiceAccount?.(id, { ...changes, ...(serviceAccounts.name === "update" && { name }) }),
        isTrue: (outcome, { id }) => isOf(id, outcome),
      }),
    }),
    deleteServiceAccount: aboutAccount({
      run: async (client, { id }) => client.deleteServiceAccount?.(id),
      isTrue: async (_outcome, { id }) => (await bench.client.getServiceAccount?.(id)) === undefined,
    }),
  };
}

interface AboutAccount {
  readonly run: (client: BackendClient, account: ServiceAccount) => Promise<unknown>;
  readonly isTrue: (outcome: unknown, account: ServiceAccount) => boolean | Promise<boolean>;
}

function callsAboutAccount(bench: Workbench): (about: AboutAccount) => PrepareCall {
  let current: ServiceAccount | undefined;
  const living = async () => {
    if (current && (await bench.client.getServiceAccount?.(current.id))) return current;
    current = await bench.makeAccount();
    return current;
  };
  return ({ run, isTrue }) =>
    async () => {
      const account = await living();
      return {
        secrets: [],
        run: (client) => run(client, account),
        assertTrue: async (outcome) => assert.ok(await isTrue(outcome, account), "it says what is not so"),
        clean: () => Promise.resolve(),
      };
    };
}

export function accountCreation(bench: Workbench): Creation {
  const request = bench.accountRequest();
  const found = async () => (await bench.client.listServiceAccounts?.({ name: request.name })) ?? [];
  return {
    name: request.name,
    secrets: [],
    run: async (client) => client.createServiceAccount?.(request),
    async assertTrue(outcome) {
      assertAccountForm(outcome as never);
      const { id } = outcome as { readonly id: string };
      assert.ok(
        await bench.client.getServiceAccount?.(id),
        "createServiceAccount returns an account that does not exist",
      );
    },
    isThere: async () => (await found()).length > 0,
    async clean() {
      for (const { id } of await found()) await bench.client.deleteServiceAccount?.(id);
    },
  };
}

function isOf(id: string, outcome: unknown): boolean {
  return (outcome as { readonly id?: unknown } | undefined)?.id === id;
}

function includes(id: string, outcome: unknown): boolean {
  return Array.isArray(outcome) && outcome.some((each) => isOf(id, each));
}

function hasSecret(outcome: unknown): boolean {
  const { secret } = (outcome ?? {}) as { readonly secret?: unknown };
  return typeof secret === "string" && secret !== "";
}
