/** What people do with a key or an account while its service says whatever it likes. */
import { expect } from "@jest/globals";
import { createConnections } from "../../../provider/connections/connections";
import { dayMs } from "../../../provider/values/durations";
import { withExplainedErrors } from "../../../provider/explain";
import { createApiKeyProvider } from "../../../provider/resources/api-key/resource";
import { type ResourceContext, warn } from "../../../provider/resources/context";
import { plainMarking } from "../../../provider/resources/identity/marking";
import { createRotatingApiKeyProvider } from "../../../provider/resources/rotation/resource";
import { createServiceAccountProvider } from "../../../provider/resources/service-account/resource";
import { withSecretBoundary } from "../../../provider/secret-boundary";
import { isSecret } from "../../../provider/values/wire";
import type { Product } from "./hostile-service";

const rotations = ["rotate", "retire", "emergency", "rotate after a lost one"] as const;
export const stories = ["create", "lost create", "read", "update", "delete", "account", "login", ...rotations] as const;
export type Story = (typeof stories)[number];

/** Everything that somebody gets to read, and everything that is stored in clear. */
export interface Told {
  readonly read: string[];
  readonly stored: string[];
}

interface Stage {
  readonly product: Product;
  readonly story: Story;
  readonly credential: string;
  readonly told: Told;
  /** Before each key: what its secret will be. */
  readonly beforeKey: (generation: number) => void;
}

interface Entry {
  readonly id: string;
  readonly inputs: object;
  readonly outs: object;
}

/** A resource in the middle of its life. */
export interface Scene {
  /** A key that nobody was told of may be made by what comes next. */
  readonly makesKey: boolean;
  /** What happens while the service lies. */
  readonly act: () => Promise<void>;
}

type Methods = ReturnType<typeof withExplainedErrors>;
type Played = { readonly [Method in keyof Methods]: (...args: unknown[]) => Promise<unknown> };

const start = Date.parse("2026-06-15T12:00:00Z");

/** The runtime's own layers over one connection to the hostile service, up to where the service begins to lie. */
export async function setStage(stage: Stage): Promise<Scene> {
  const play = new Play(stage);
  const { story, product } = stage;
  const isAccount = story === "account" && product === "novavms";
  if (isRotation(story)) return play.rotation(story);
  if (story === "create" || story === "lost create" || story === "login" || (story === "account" && !isAccount))
    return { makesKey: true, act: () => play.create() };
  const before = await play.made();
  return { makesKey: false, act: () => play.change(story, before) };
}

function isRotation(story: Story): story is (typeof rotations)[number] {
  return (rotations as readonly string[]).includes(story);
}

class Play {
  readonly #stage: Stage;
  readonly #provider: Played;
  readonly #program: object;
  #nowMs = start;

  constructor(stage: Stage) {
    this.#stage = stage;
    const { story, product } = stage;
    const isAccount = story === "account" && product === "novavms";
    const context = contextOf(stage, () => this.#nowMs);
    const [kind, create] = isAccount
      ? (["ServiceAccount", createServiceAccountProvider] as const)
      : isRotation(story)
        ? (["RotatingApiKey", createRotatingApiKeyProvider] as const)
        : (["ApiKey", createApiKeyProvider] as const);
    const provider = create(context) as never;
    this.#provider = withExplainedErrors(kind, () => withSecretBoundary(provider)) as unknown as Played;
    this.#program = programOf(stage, isAccount);
  }

  async create(): Promise<void> {
    await this.#noted(async () => this.#provider.create(await this.#checked({})));
  }

  async made(): Promise<Entry> {
    this.#stage.beforeKey(1);
    const inputs = await this.#checked({});
    const { id, outs } = (await this.#provider.create(inputs)) as { id: string; outs: object };
    return { id, inputs, outs };
  }

  async change(story: Story, { id, inputs, outs }: Entry): Promise<void> {
    const olds = plain(outs);
    if (story === "read") await this.#noted(() => this.#provider.read(id, olds));
    else if (story === "update")
      await this.#noted(() => this.#provider.update(id, olds, { ...inputs, name: "renamed" }));
    else if (story === "delete") await this.#noted(() => this.#provider.delete(id, olds));
    else {
      await this.#noted(() => this.#provider.read(id, olds));
      await this.#noted(() => this.#provider.create(inputs));
      await this.#noted(() => this.#provider.delete(id, olds));
    }
    // The record from before is in the state still.
    collect(outs, this.#stage.told.stored);
  }

  async rotation(story: (typeof rotations)[number]): Promise<Scene> {
    let entry = await this.made();
    if (story === "retire") {
      this.#stage.beforeKey(2);
      this.#nowMs += 31 * dayMs;
      entry = await this.#updated(entry);
      this.#nowMs += 6 * dayMs;
      return { makesKey: false, act: () => this.#afterwards(entry) };
    }
    if (story !== "emergency") this.#nowMs += 31 * dayMs;
    const change = story === "emergency" ? { emergency: "found in a log" } : {};
    return { makesKey: true, act: () => this.#afterwards(entry, change) };
  }

  async #updated(entry: Entry): Promise<Entry> {
    const inputs = await this.#checked(entry.inputs);
    const { outs } = (await this.#provider.update(entry.id, plain(entry.outs), inputs)) as { outs: object };
    return { ...entry, inputs, outs };
  }

  /** An update while the service lies, the look of the day after, and what a destroy finds. */
  async #afterwards(entry: Entry, change: object = {}): Promise<void> {
    let { inputs, outs } = entry;
    const keep = (answer: { readonly outs?: object; readonly properties?: object } | undefined) =>
      (outs = answer?.outs ?? answer?.properties ?? outs);
    inputs = await this.#checked(inputs, change);
    keep(await this.#noted(() => this.#provider.update(entry.id, plain(outs), inputs)));
    if (this.#stage.story === "rotate after a lost one") {
      this.#nowMs += dayMs;
      inputs = await this.#checked(inputs, change);
      keep(await this.#noted(() => this.#provider.update(entry.id, plain(outs), inputs)));
    }
    await this.#noted(() => this.#provider.read(entry.id, plain(outs)));
    // What the update has not changed is in the state still.
    collect(outs, this.#stage.told.stored);
  }

  async #checked(olds: object, change: object = {}): Promise<object> {
    const { inputs, failures = [] } = (await this.#provider.check(olds, { ...this.#program, ...change })) as {
      inputs: object;
      failures?: object[];
    };
    expect(failures).toEqual([]);
    return inputs;
  }

  /** Runs one method, and keeps what people read and what is stored. */
  async #noted(run: () => Promise<unknown>): Promise<{ outs?: object; properties?: object } | undefined> {
    const { read, stored } = this.#stage.told;
    try {
      const answer = await run();
      collect(answer, stored);
      return answer as { outs?: object };
    } catch (error) {
      const { message, stack, reasons = [], properties } = error as Error & { reasons?: string[]; properties?: object };
      // Of the stack what the error says of itself; the rest are names of our own files.
      read.push(message, (stack ?? "").split("\n    at ", 1)[0] ?? "", ...reasons);
      collect(properties, stored);
      return properties && { properties };
    }
  }
}

function contextOf({ product, story, credential }: Stage, decisionTime: () => number): ResourceContext {
  const backend = story === "login" ? "zenml" : product;
  const connection = {
    backend,
    url: `http://127.0.0.1:1/${backend}`,
    tokenEnv: "ADMIN",
    retryBudget: "0s",
    allowUndocumentedEndpoints: product === "novavms" || undefined,
  };
  const settings = JSON.stringify({ default: connection });
  const config = { get: (key: string) => (key === "apikeys:connections" ? settings : undefined) };
  let nowMs = 0;
  return {
    marking: plainMarking,
    connections: createConnections(config, { ADMIN: credential }),
    nowMs: decisionTime,
    warn,
    clock: {
      nowMs: () => nowMs,
      sleep: (ms) => {
        nowMs += ms;
        return Promise.resolve();
      },
    },
  };
}

const scopes: Readonly<Record<Product, string>> = {
  novavms: "cameras:read",
  pulsely: "read:checks",
  pulseapi: "monitors:read",
};

function programOf({ product, story }: Stage, isAccount: boolean): object {
  const program = { origin: "acme/billing/dev/export", __provider: "text" };
  if (isAccount) return { ...program, role: "viewer" };
  if (story === "login") return { ...program, serviceAccountId: "acc-0" };
  return {
    ...program,
    scopes: [scopes[product]],
    ...(product === "novavms" && { serviceAccountId: "acc-0" }),
    ...(isRotation(story) && { rotateEvery: "30d", overlap: "5d" }),
  };
}

/** As the engine hands them over: without the marks of secrets. */
function plain(record: object): object {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]: [string, unknown]) => [
      name,
      typeof value === "object" && value !== null && isSecret(value)
        ? (value as unknown as { value: string }).value
        : value,
    ]),
  );
}

/** All texts that are not encrypted. */
function collect(value: unknown, into: string[]): void {
  if (typeof value === "string") into.push(value);
  else if (Array.isArray(value)) for (const each of value) collect(each, into);
  else if (typeof value === "object" && value !== null && !isSecret(value))
    for (const [name, each] of Object.entries(value)) {
      into.push(name);
      collect(each, into);
    }
}
