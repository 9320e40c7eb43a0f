import { fingerprintOf } from "../../../provider/values/fingerprint";
import { createConnections } from "../../../provider/connections/connections";
import { secondMs } from "../../../provider/values/durations";
import type { ResourceContext } from "../../../provider/resources/context";
import { createRotatingApiKeyProvider } from "../../../provider/resources/rotation/resource";
import { formatTime } from "../../../provider/values/times";
import { type EmulatedKey, type EmulatedRequest, startEmulator, type TestEmulator } from "../../../testing/emulator";
import { EngineDouble } from "../../../testing/engine-double";
import { createMarking, type Marking, plainMarking } from "../../../provider/resources/identity/marking";

export const products = ["pulsely", "novavms", "pulseapi"] as const;
export type Product = (typeof products)[number];

interface ProductFacts {
  /** What stands in a program for keys of this product. */
  readonly scopes: readonly string[];
  /** A call that the first of those scopes allows. */
  readonly dataPath: string;
  readonly expires: boolean;
}

export const productFacts: Readonly<Record<Product, ProductFacts>> = {
  pulsely: { scopes: ["read:checks", "read:alerts", "read:metrics"], dataPath: "/checks", expires: true },
  novavms: { scopes: ["cameras:read", "events:read", "exports:write"], dataPath: "/cameras", expires: true },
  pulseapi: { scopes: ["monitors:read", "incidents:read", "team:read"], dataPath: "/monitors", expires: false },
};

/** A key as the control API tells it: `fingerprint` is that of its secret. */
export type LivingKey = EmulatedKey & { readonly fingerprint: string };

/** The embedded services, the provider in this process, and one clock for both. */
export class RotationBench {
  #accounts = 0;
  #accountId = "";
  /** The decision clock stands still, as `APIKEYS_NOW` has it. */
  frozen = false;
  /** How far the machine that runs updates is ahead of everybody else, or behind. */
  skewMs = 0;
  /** What the user was told. */
  warnings: string[] = [];
  #virtualMs = 0;
  #realMs = 0;

  private constructor(readonly services: TestEmulator) {}

  static async open(): Promise<RotationBench> {
    return new RotationBench(await startEmulator({ limits: { pulsely: null, novavms: null, pulseapi: null } }));
  }

  close(): Promise<void> {
    return this.services.close();
  }

  /** Empty services, at this time, with one service account. */
  async reset(now: string): Promise<void> {
    await this.services.reset();
    // A reset brings the documented limits back.
    await this.#control("POST", "/limits", { perMinute: null });
    this.skewMs = 0;
    await this.goTo(Date.parse(now));
    this.#accountId = await this.newAccount();
  }

  /** A service account of novavms. @returns its id */
  async newAccount(): Promise<string> {
    return (
      (await this.admin("novavms", "POST", "/service-accounts", {
        name: `exporter-${(this.#accounts += 1)}`,
        role: "viewer",
      })) as { id: string }
    ).id;
  }

  nowMs(): number {
    // Never on the very second that the clock was set to: ends are rounded up, and would differ by chance.
    return this.#virtualMs + (this.frozen ? 0 : Math.max(1, Date.now() - this.#realMs));
  }

  /** The time by the clock of the machine that runs updates. */
  decisionMs(): number {
    return this.nowMs() + this.skewMs;
  }

  async goTo(ms: number): Promise<void> {
    await this.services.clock.set(formatTime(ms));
    this.#virtualMs = Math.floor(ms / secondMs) * secondMs;
    this.#realMs = Date.now();
  }

  async pass(ms: number): Promise<void> {
    await this.goTo(this.nowMs() + ms);
  }

  /** A resource of its own state, as another stack or another name has it. */
  key(): EngineDouble {
    return new EngineDouble(createRotatingApiKeyProvider(this.context()));
  }

  #marking: Marking = plainMarking;

  /**
   * From now on names prove their state, as on the engine: each update is a process of its own, that looks once for what an
   * interrupted one has left, and finds every key in the state.
   */
  async newProcess({ hasMadeTheAccount }: { readonly hasMadeTheAccount: boolean }): Promise<void> {
    this.#marking = createMarking(
      async () => ({
        identity: "bench",
        names: new Set((await this.services.keys.list()).map(({ name }) => name)),
        holders: new Map(),
      }),
      () => undefined,
    );
    if (!hasMadeTheAccount) return;
    const connection = this.context().connections.openForWrite("novavms");
    const naming = await this.#marking.naming("ServiceAccount", { origin: "organization/x/y/z" }, connection);
    naming.noteNewAccount?.(this.#accountId);
  }

  context(): ResourceContext {
    const connection = (product: Product) => ({
      backend: product,
      url: this.services.services[product].url,
      tokenEnv: `${product.toUpperCase()}_TOKEN`,
      allowUndocumentedEndpoints: true,
      // A fault stands for the end of all retries.
      retryBudget: "0s",
    });
    const settings = Object.fromEntries(
      products.flatMap((product) => [
        [product, connection(product)],
        [`${product}-too`, connection(product)],
      ]),
    );
    const env = Object.fromEntries(
      products.map((product) => [`${product.toUpperCase()}_TOKEN`, this.services.services[product].adminToken]),
    );
    return {
      connections: createConnections(
        { get: (key) => (key === "apikeys:connections" ? JSON.stringify(settings) : undefined) },
        env,
      ),
      nowMs: () => this.decisionMs(),
      heedsServiceClock: () => !this.frozen,
      warn: (message) => void this.warnings.push(message),
      marking: {
        naming: (type, named, connection) => this.#marking.naming(type, named, connection),
        holder: (named, connection, id) => this.#marking.holder(named, connection, id),
      },
      clock: { nowMs: () => performance.now(), sleep: () => Promise.resolve() },
    };
  }

  /** The inputs of a program's key. Each product has a second connection, whose name ends in "-too". */
  program(product: Product, origin: string, inputs: object): Record<string, unknown> {
    const parent = product === "novavms" ? { serviceAccountId: this.#accountId } : {};
    return { connection: product, origin, ...parent, scopes: [productFacts[product].scopes[0]], ...inputs };
  }

  async keys(product?: Product): Promise<readonly LivingKey[]> {
    return (await this.services.keys.list(product)) as readonly LivingKey[];
  }

  /** The living keys whose names begin so. */
  async living(product: Product, prefix: string): Promise<readonly LivingKey[]> {
    return (await this.keys(product)).filter(({ name, state }) => state === "active" && name.startsWith(prefix));
  }

  /** The living key that a secret opens. */
  async holder(product: Product, secret: unknown): Promise<LivingKey | undefined> {
    const fingerprint = fingerprintOf(String(secret));
    return (await this.keys(product)).find((key) => key.state === "active" && key.fingerprint === fingerprint);
  }

  /** Calls the data plane: the key is used. @returns the status */
  async use(product: Product, secret: unknown): Promise<number> {
    const response = await fetch(`${this.services.services[product].url}${productFacts[product].dataPath}`, {
      headers: { authorization: `Bearer ${String(secret)}` },
    });
    await response.arrayBuffer();
    return response.status;
  }

  /** Somebody with the admin's credential calls the product by hand. */
  async admin(product: Product, method: string, path: string, body?: object): Promise<unknown> {
    const { url, adminToken } = this.services.services[product];
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${adminToken}`, "content-type": "application/json" },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${product}: ${method} ${path} answered ${response.status}: ${text}`);
    return text === "" ? undefined : (JSON.parse(text) as unknown);
  }

  /** A key that another program made in the same account. @returns its id */
  async foreignKey(product: Product, name: string): Promise<string> {
    const scopes = [productFacts[product].scopes[0]];
    if (product === "pulsely")
      return ((await this.admin(product, "POST", "/api-keys", { name, scopes })) as { id: string }).id;
    if (product === "novavms")
      return (
        (await this.admin(product, "POST", `/service-accounts/${this.#accountId}/keys`, { name, scopes })) as {
          id: string;
        }
      ).id;
    return String(
      ((await this.admin(product, "POST", "/api-keys", { name, abilities: scopes })) as { data: { id: number } }).data
        .id,
    );
  }

  /** Requests to the management API since a mark, without the calls of data planes. */
  async requestsSince(mark: number): Promise<readonly EmulatedRequest[]> {
    return (await this.services.requests()).slice(mark).filter(({ path }) => /api-keys|service-accounts/.test(path));
  }

  async mark(): Promise<number> {
    return (await this.services.requests()).length;
  }

  async #control(method: string, path: string, body?: object): Promise<void> {
    const response = await fetch(`${this.services.controlUrl}${path}`, {
      method,
      headers: { "content-type": "application/json" },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (!response.ok) throw new Error(`the emulator refused ${method} ${path}: ${await response.text()}`);
    await response.arrayBuffer();
  }
}
