import { startEmulator, type EmulatedKey, type TestEmulator } from "../../../testing/emulator";
import type { ServiceName } from "../../../emulator";
import { call } from "../../engine/support/services";
import { TestStack } from "../../engine/support/stack";
import { type HoldingProxy, startHoldingProxy } from "./holding-proxy";
import { type Kill, killedUpdate, type Wreck } from "./killed-update";

/** What the program of a fleet asks for. A change of one field is one operation of the matrix. */
export interface Wish {
  readonly keys: readonly string[];
  /** Every ApiKey is replaced. */
  readonly wide: boolean;
  /** Every RotatingApiKey is rotated, and older keys revoked in the same update. */
  readonly emergency?: string;
  /** Moves the decision clock and the services'. */
  readonly now: string;
}

/**
 * One stack with keys on the three embedded services behind a proxy, and keys on the same services that it did not
 * make: some by hand with names that look like ours, some by another stack.
 */
export class Fleet {
  #foreign: readonly string[] = [];

  readonly #urls: Readonly<Record<ServiceName, string>>;

  private constructor(
    readonly stack: TestStack,
    readonly services: TestEmulator,
    readonly proxy: HoldingProxy,
    urls: Readonly<Record<ServiceName, string>>,
  ) {
    this.#urls = urls;
  }

  static async open(): Promise<Fleet> {
    const services = await startEmulator();
    const proxy = await startHoldingProxy();
    const { pulsely, novavms, pulseapi } = services.services;
    const quick = { timeout: "5s", retryBudget: "10s" };
    const connections = {
      default: { backend: "pulsely", url: proxy.through(pulsely.url), tokenEnv: "PULSELY_ADMIN_TOKEN", ...quick },
      novavms: {
        backend: "novavms",
        url: proxy.through(novavms.url),
        tokenEnv: "NOVAVMS_ADMIN_TOKEN",
        allowUndocumentedEndpoints: true,
        ...quick,
      },
      pulseapi: { backend: "pulseapi", url: proxy.through(pulseapi.url), tokenEnv: "PULSEAPI_ADMIN_TOKEN", ...quick },
    };
    const stack = await TestStack.open({
      connections,
      env: {
        PULSELY_ADMIN_TOKEN: pulsely.adminToken,
        NOVAVMS_ADMIN_TOKEN: novavms.adminToken,
        PULSEAPI_ADMIN_TOKEN: pulseapi.adminToken,
      },
    });
    const fleet = new Fleet(stack, services, proxy, {
      pulsely: pulsely.url,
      novavms: novavms.url,
      pulseapi: pulseapi.url,
    });
    await fleet.#plantForeignKeys();
    return fleet;
  }

  /** Keys that nothing of ours may touch. */
  async #plantForeignKeys(): Promise<void> {
    const { pulsely, pulseapi } = this.services.services;
    const post = async (url: string, token: string, body: object): Promise<void> => {
      const answer = await fetch(url, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      if (!answer.ok) throw new Error(`a foreign key could not be planted: ${answer.status} ${await answer.text()}`);
    };
    for (const name of ["p2", "p2-by-hand", "p2-acab0123456789", "p2-acab012345"]) {
      await post(`${pulsely.url}/api-keys`, pulsely.adminToken, { name, scopes: ["read:checks"], environment: "live" });
      await post(`${pulseapi.url}/api-keys`, pulseapi.adminToken, { name, abilities: ["monitors:read"] });
    }
    this.#foreign = (await this.services.keys.list()).map(identityOf);
  }

  /** Names tell the service and the kind: `p1` is an ApiKey of Pulsely, `nr2` a RotatingApiKey of NovaVMS. */
  write(wish: Wish): void {
    const lines = wish.keys.map((name) => {
      const service = serviceOf(name);
      const [narrow, wide] = scopesOf[service];
      const rotating = name[1] === "r";
      const args = {
        ...(service === "pulsely" ? {} : { connection: service }),
        scopes: wish.wide && !rotating ? [narrow, wide] : [narrow],
        // Two resources may share a prefix: the mark tells them apart.
        ...(name.endsWith("1") ? { name: "shared" } : {}),
        ...(rotating
          ? { rotateEvery: "30d", overlap: "7d", ...(wish.emergency && { emergency: wish.emergency }) }
          : {}),
      };
      const account = service === "novavms" ? ", serviceAccountId: account.accountId" : "";
      const type = rotating ? "RotatingApiKey" : "ApiKey";
      return `keep("${name}", new ${type}("${name}", { ...${JSON.stringify(args)}${account} }));`;
    });
    const account = wish.keys.some((name) => serviceOf(name) === "novavms")
      ? 'const account = new ServiceAccount("account", { connection: "novavms", role: "viewer" });'
      : "";
    this.stack.program(`const keep = (name, key) => { exports[name] = key.secret; };\n${account}\n${lines.join("\n")}`);
    this.stack.env.APIKEYS_NOW = wish.now;
    this.stack.env.APIKEYS_NOW_WRITES = "1";
  }

  /** The services' clock ticks on from there, as the decision clock does. */
  setClock(now: string): Promise<void> {
    return this.services.clock.set(now);
  }

  killed(
    requests: { readonly method: string; readonly path: RegExp; readonly count: number },
    kill: Kill,
  ): Promise<Wreck> {
    return killedUpdate(this.stack, this.proxy, requests, kill);
  }

  /** One plain update, after `pulumi cancel` where the engine asks for it. */
  async recover(): Promise<string> {
    const run = await this.stack.pulumi("up", "--yes", "--skip-preview");
    if (run.code === 0) return run.text;
    if (!run.text.includes("the stack is currently locked"))
      throw new Error(`the update after the kill failed:\n${run.text}`);
    await this.stack.must("cancel", "--yes");
    const again = await this.stack.pulumi("up", "--yes", "--skip-preview");
    if (again.code !== 0) throw new Error(`the update after the kill failed:\n${again.text}`);
    return again.text;
  }

  /** What is wrong between the services and the state, in sentences. Empty = every promise holds. */
  async broken(): Promise<string[]> {
    const wrong: string[] = [];
    const living = (await this.services.keys.list()).filter(({ state }) => state === "active");
    const foreign = new Set(this.#foreign);
    const alive = new Set(living.map(identityOf));
    for (const key of foreign) if (!alive.has(key)) wrong.push(`a foreign key was revoked: ${key}`);
    const recorded = await this.#recordedKeys();
    const ours = living.filter((key) => !foreign.has(identityOf(key)));
    for (const key of ours)
      if (!recorded.has(key.id)) wrong.push(`an orphan lives: ${key.service} ${key.id} (${key.name})`);
    for (const [name, secret] of Object.entries(await this.stack.outputs())) {
      const status = await this.answerTo(name, secret);
      if (status !== 200) wrong.push(`the secret of "${name}" that the state names answers ${status}`);
    }
    return wrong;
  }

  /** The ids of every key that the state says is alive. */
  async #recordedKeys(): Promise<Set<string>> {
    const ids = new Set<string>();
    for (const { outputs = {}, id } of await this.stack.state()) {
      if (id !== undefined) ids.add(id);
      for (const field of ["keyId", "previousKeyId"]) if (typeof outputs[field] === "string") ids.add(outputs[field]);
    }
    return ids;
  }

  /** How the service answers to the secret of the resource of that name. */
  answerTo(name: string, secret: string): Promise<number> {
    const service = serviceOf(name);
    return call(this.#urls[service], dataPlanes[service], secret);
  }

  /** Ends with destroy, the canary scan and no key left; `discard` has to follow. */
  async close(): Promise<void> {
    await this.stack.close();
    const wrong = (await this.services.keys.list()).filter(
      (key) => key.state === "active" && !this.#foreign.includes(identityOf(key)),
    );
    if (wrong.length > 0) throw new Error(`destroy left ${wrong.map(identityOf).join(", ")}`);
  }

  async discard(): Promise<void> {
    this.stack.discard();
    await this.proxy.close();
    await this.services.close();
  }
}

function serviceOf(name: string): ServiceName {
  return name.startsWith("p") ? "pulsely" : name.startsWith("n") ? "novavms" : "pulseapi";
}

const scopesOf: Readonly<Record<ServiceName, readonly [string, string]>> = {
  pulsely: ["read:checks", "read:alerts"],
  novavms: ["cameras:read", "events:read"],
  pulseapi: ["monitors:read", "alerts:read"],
};

const dataPlanes: Readonly<Record<ServiceName, string>> = {
  pulsely: "/checks",
  novavms: "/cameras",
  pulseapi: "/monitors",
};

function identityOf({ service, id, name }: EmulatedKey): string {
  return `${service} ${id} ${name}`;
}
