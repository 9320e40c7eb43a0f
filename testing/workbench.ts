/** What the promises of a contract work with: a service, its connection, and what they make there. */
import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { loadBackend } from "../provider/connections/backend-loading";
import type { Step } from "../provider/connections/client-steps";
import type {
  Backend,
  BackendClient,
  Capabilities,
  IssuedApiKey,
  KeyRef,
  NewKey,
  NewServiceAccount,
  ServiceAccount,
} from "../provider/backends/definition";
import {
  type WritableConnection,
  type ConnectionFacts,
  type Connections,
  createConnections,
} from "../provider/connections/connections";
import { defined } from "../provider/values/defined";
import { formatSpan } from "../provider/values/durations";
import { logicalName, namesOn, type Origin } from "../provider/resources/identity/names";
import { hasShape } from "../provider/secrets/secret-shapes";
import { formatTime } from "../provider/values/times";
import { type OptionValues, withDefaults } from "../provider/vendors/options";
import { assertAccountForm, assertKeyForm } from "./assertions";
import type { BackendHarness } from "./harness";
import { assertSamples, changeable, sampleOptions } from "./option-samples";

/** The connection's name in every contract. */
export const connectionName = "contract";
/** The resource that the contract's programs pretend to be. */
export const origin: Origin = "contract/pulumi-apikeys/testing/contract";

const tokenVariable = "CONTRACT_ADMIN_TOKEN";

/** What a contract tests: a built-in backend by its name, or a definition, and the connection's own fields. */
export interface Subject {
  readonly backend: string | Backend;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What the subject says about itself before any service runs. */
export function factsOf(subject: Subject): ConnectionFacts {
  return connect(subject, { url: "http://127.0.0.1:9", token: undefined }).describe(connectionName);
}

/** The subject's connection to an address. Without a token none is set, and every request that needs one fails. */
export function connect(
  { backend, fields }: Subject,
  { url, token }: { readonly url: string; readonly token: string | undefined },
): Connections {
  const given = typeof backend === "string" ? undefined : backend;
  const settings = { [connectionName]: { tokenEnv: tokenVariable, ...fields, backend: given?.name ?? backend, url } };
  const config = { get: (key: string) => (key === "apikeys:connections" ? JSON.stringify(settings) : undefined) };
  const env = token === undefined ? {} : { [tokenVariable]: token };
  // Unguarded: a contract tests what the backend itself reports.
  const asItIs: Step = (_call, next) => next();
  return createConnections(config, env, { load: given ? () => given : loadBackend, guard: asItIs });
}

/** The account of a key, in the form of the calls. */
export interface Parent {
  readonly serviceAccountId?: string;
}

/** A key that a contract has made. */
export interface Issued {
  readonly key: IssuedApiKey;
  readonly ref: KeyRef;
}

/** The running service of one contract. */
export interface Opened {
  readonly subject: Subject;
  readonly harness: BackendHarness;
  readonly connections: Connections;
  readonly connection: WritableConnection;
  /** How far the service's clock is ahead of this machine's. */
  aheadMs: number;
}

export function openService(subject: Subject, harness: BackendHarness): Opened {
  const whole = { ...subject, fields: { ...subject.fields, ...harness.connection } };
  const connections = connect(whole, harness);
  const { keyOptions, accountOptions } = connections.describe(connectionName);
  assertSamples("keyOptions", keyOptions, harness.keyOptions);
  assertSamples("accountOptions", accountOptions, harness.accountOptions);
  return { subject: whole, harness, connections, connection: connections.openForWrite(connectionName), aheadMs: 0 };
}

/** What one promise of a contract works with. Everything that it makes is removed when it is done. */
export class Workbench {
  readonly harness: BackendHarness;
  readonly connections: Connections;
  readonly connection: WritableConnection;
  readonly client: BackendClient;
  readonly can: Capabilities;
  /** What could not be proven, in sentences. */
  readonly skipped: string[] = [];
  readonly #accounts: string[] = [];
  readonly #keys: KeyRef[] = [];
  #home: Promise<Parent> | undefined;

  readonly #opened: Opened;

  constructor(opened: Opened) {
    this.#opened = opened;
    this.harness = opened.harness;
    this.connections = opened.connections;
    this.connection = opened.connection;
    this.client = opened.connection.client;
    this.can = opened.connection.capabilities;
  }

  /** The same service with another credential: that of a key, for example. */
  clientWith(token: string): BackendClient {
    const { subject, harness } = this.#opened;
    return connect(subject, { url: harness.url, token }).openForWrite(connectionName).client;
  }

  /** The decision clock, which follows the service's. */
  nowMs(): number {
    return Date.now() + this.#opened.aheadMs;
  }

  /** RFC 3339, in whole seconds, that many milliseconds from now. */
  timeIn(ms: number): string {
    return formatTime(Math.ceil((this.nowMs() + ms) / 1000) * 1000);
  }

  /** Lets the service's time pass. False if a test cannot do that. */
  async pass(ms: number): Promise<boolean> {
    if (ms === 0) return true;
    const beforeMs = performance.now();
    if (this.harness.advance) await this.harness.advance(ms);
    else if (ms <= 2_000) await wait(ms);
    else {
      this.skip(`what takes ${formatSpan(ms)}: the harness has no "advance"`);
      return false;
    }
    this.#opened.aheadMs += Math.max(0, ms - (performance.now() - beforeMs));
    return true;
  }

  newName(kind: "keys" | "accounts" = "keys"): string {
    return this.named(logicalName(origin), kind);
  }

  /** A name with that prefix, as the lifecycle makes it. */
  named(prefix: string, kind: "keys" | "accounts"): string {
    return namesOn({ capabilities: this.can }, kind).physicalName(prefix, origin);
  }

  /** How many keys one parent may have at a time. */
  room(): number {
    return this.can.maxActiveKeys ?? Infinity;
  }

  /**
   * The parent of this promise's keys. If the service allows few keys per account, each promise gets an account of its
   * own.
   */
  parent(): Promise<Parent> {
    if (this.room() < 10) return this.freshParent();
    return (this.#home ??= this.freshParent());
  }

  async freshParent(): Promise<Parent> {
    if (this.can.parent === "credential") return {};
    if (this.can.serviceAccounts) return { serviceAccountId: (await this.makeAccount()).id };
    const [first] = this.harness.parents ?? [];
    if (first === undefined)
      throw new Error('the harness must name "parents": keys live under accounts, and the backend cannot make any');
    return { serviceAccountId: first };
  }

  async otherParent(): Promise<Parent> {
    if (this.can.serviceAccounts) return this.freshParent();
    const second = this.harness.parents?.[1];
    return second === undefined ? {} : { serviceAccountId: second };
  }

  async makeAccount(asked: Partial<NewServiceAccount> = {}): Promise<ServiceAccount> {
    if (!this.client.createServiceAccount) throw new Error("the backend makes no service accounts");
    const account = await this.client.createServiceAccount(this.accountRequest(asked));
    this.#accounts.push(account.id);
    assertAccountForm(account);
    return account;
  }

  /** The request for an account, with everything that this service requires. */
  accountRequest(asked: Partial<NewServiceAccount> = {}): NewServiceAccount {
    const scopes = this.can.scopes === "account" ? { scopes: this.scopes() } : {};
    const options = withDefaults(this.connection.accountOptions, this.accountOptions(0));
    return {
      name: this.newName("accounts"),
      ...scopes,
      ...defined({ options }),
      ...this.harness.serviceAccount,
      ...asked,
    };
  }

  /** One of the lists of scopes that the harness names. */
  scopes(index = 0): readonly string[] {
    const scopes = this.harness.scopes?.[index];
    if (!scopes) throw new Error('the harness must name "scopes": at least two lists that give different access');
    return scopes;
  }

  /** The options of keys: the first of two maps, or the second. */
  keyOptions(index: 0 | 1): OptionValues {
    return sampleOptions(this.connection.keyOptions, this.harness.keyOptions, index);
  }

  /** The same for service accounts. */
  accountOptions(index: 0 | 1): OptionValues {
    return sampleOptions(this.connection.accountOptions, this.harness.accountOptions, index);
  }

  /** The declared options without two known values. */
  unprovenOptions(part: "keyOptions" | "accountOptions"): string[] {
    const proven = changeable(this.connection[part], this.harness[part]);
    return Object.keys(this.connection[part] ?? {}).filter((name) => !proven.includes(name));
  }

  /** How many keys or accounts it takes to prove that lists are read to their end. */
  manyOf(which: "manyKeys" | "manyAccounts"): number {
    const many = this.harness[which];
    if (many === undefined)
      this.skip(
        `whether a list is read to its end: the harness has no "${which}"; give a number that is more than the service lists on one page, or "no pages"`,
      );
    return many === undefined || many === "no pages" ? 3 : many;
  }

  /** Says what cannot be proven here, and why: the runner shows it. */
  skip(reason: string): void {
    this.skipped.push(reason);
  }

  hasKeyScopes(): boolean {
    return this.can.scopes === "immutable" || this.can.scopes === "mutable";
  }

  /** The request for a key, with everything that this service requires. */
  request(parent: Parent, asked: Partial<NewKey> = {}): NewKey {
    const { environments, expiry } = this.can;
    return defined({
      name: this.newName(),
      ...parent,
      scopes: this.hasKeyScopes() ? this.scopes() : undefined,
      environment: environments?.[0],
      options: withDefaults(this.connection.keyOptions, this.keyOptions(0)),
      expiresAt: expiry.support === "required" ? this.timeIn(24 * 60 * 60 * 1000) : undefined,
      ...asked,
    });
  }

  async issue(asked: Partial<NewKey> = {}, parent?: Parent): Promise<Issued> {
    const request = this.request(parent ?? (await this.parent()), asked);
    const key = await this.client.createKey(request);
    const ref = this.track({ id: key.id, name: request.name, ...parentOf(request) });
    assertKeyForm(key);
    const { shape } = this.can.secret;
    assert.ok(
      shape === undefined || request.secretValue !== undefined || hasShape(key.secret, shape),
      '"secret.shape" does not describe the secret that the service has just made, so it keeps no secret out of messages',
    );
    return { key, ref };
  }

  /** Revokes the key when the promise is done. */
  track(ref: KeyRef): KeyRef {
    this.#keys.push(ref);
    return ref;
  }

  trackAccount(id: string): void {
    this.#accounts.push(id);
  }

  /** Whether a key works; undefined if the harness cannot tell. Waits for the service's lag. */
  async works(key: IssuedApiKey, { serviceAccountId }: Parent, expected: boolean): Promise<boolean | undefined> {
    if (!this.harness.works) this.skip('whether keys open the service\'s door: the harness has no "works"');
    return within(
      expected ? this.can.activationLagMs : this.can.revocationLagMs,
      async () => this.harness.works?.(key, serviceAccountId),
      (seen) => seen === expected || seen === undefined,
    );
  }

  /** The parent's keys with that name. */
  async listed({ name, ...parent }: { readonly name: string } & Parent): Promise<readonly string[]> {
    const keys = (await this.client.listKeys(parentOf(parent))) ?? [];
    for (const key of keys) assertKeyForm(key);
    return keys.filter((key) => key.name === name && key.status === "active").map(({ id }) => id);
  }

  /** The names of the parent's living keys with that id. */
  async listedNames({ id, ...parent }: KeyRef): Promise<readonly string[]> {
    const keys = (await this.client.listKeys(parentOf(parent))) ?? [];
    return keys.filter((key) => key.id === id).map(({ name }) => name);
  }

  /** The same service with another credential, or at another address with the same credential. */
  connectAs(settings: {
    readonly token?: string;
    readonly url?: string;
    readonly fields?: Readonly<Record<string, unknown>>;
  }): WritableConnection {
    const { subject, harness } = this.#opened;
    const { url = harness.url, token = harness.token, fields } = settings;
    return connect({ ...subject, fields: { ...subject.fields, ...fields } }, { url, token }).openForWrite(
      connectionName,
    );
  }

  /** Connections for the resources without any credential, which is enough for a preview. */
  withoutCredential(): Connections {
    return connect(this.#opened.subject, { url: this.harness.url, token: undefined });
  }

  /** Revokes and deletes what the promise made. Keys go with their account. */
  async tidy(): Promise<void> {
    const gone = new Set(this.#accounts);
    for (const ref of this.#keys)
      if (ref.serviceAccountId === undefined || !gone.has(ref.serviceAccountId)) await this.client.revokeKey(ref);
    for (const id of gone) await this.client.deleteServiceAccount?.(id);
  }
}

export function parentOf({ serviceAccountId }: Parent): Parent {
  return serviceAccountId === undefined ? {} : { serviceAccountId };
}

/** Repeats a read until it shows the expected, for as long as the service may lag. */
export async function within<Seen>(
  lagMs: number,
  look: () => Promise<Seen>,
  isSo: (seen: Seen) => boolean,
): Promise<Seen> {
  const endMs = performance.now() + lagMs;
  for (;;) {
    const seen = await look();
    if (isSo(seen) || performance.now() >= endMs) return seen;
    await wait(100);
  }
}

/** The promises of a contract by their titles. */
export type Contract = Readonly<Record<string, (bench: Workbench) => Promise<void>>>;
