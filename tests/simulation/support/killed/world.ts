import { defined } from "../../../../provider/values/defined";
import { stateIn } from "../../../../provider/engine/engine-state";
import { createApiKeyProvider } from "../../../../provider/resources/api-key/resource";
import type { ResourceContext } from "../../../../provider/resources/context";
import { createMarking, type ResourceType } from "../../../../provider/resources/identity/marking";
import { usualNames } from "../../../../provider/resources/identity/names";
import { createRotatingApiKeyProvider } from "../../../../provider/resources/rotation/resource";
import { createServiceAccountProvider } from "../../../../provider/resources/service-account/resource";
import { EngineDouble, type StateEntry } from "../../../../testing/engine-double";
import { Fate } from "./fate";
import type { Held, KillableService } from "./service";

/** What a program asks for. */
export interface Wish {
  /** `a1` is an ApiKey, `r1` a RotatingApiKey; those that end in 1 share a prefix, and `t1` and `t2` their mark. */
  readonly keys: readonly string[];
  /** Every ApiKey is replaced when it changes. */
  readonly round: number;
  readonly prefix: string;
  readonly emergency?: string;
  readonly immediately?: boolean;
  /** What is disabled is enabled again. */
  readonly enables?: boolean;
}

/** What the state has of one resource. */
interface Stored {
  readonly state: StateEntry | undefined;
  readonly pendingDeletes: readonly StateEntry[];
}

export interface Ended {
  /** The method that the run was killed in; left out where it came to its end. */
  readonly killedIn?: string;
  readonly failures: readonly string[];
  readonly warnings: readonly string[];
}

const providers = {
  ServiceAccount: createServiceAccountProvider,
  ApiKey: createApiKeyProvider,
  RotatingApiKey: createRotatingApiKeyProvider,
} as const;

/** One stack over many runs: its state outlives them, and so does the service. */
export class World {
  #store: ReadonlyMap<string, Stored> = new Map();
  /** Names that the state has named at some time. */
  #everNamed = new Set<string>();
  #tainted: ReadonlySet<string> = new Set();

  /** The resource whose key is the credential of the connection; undefined while that is an administrator's. */
  own: string | undefined;
  /** Nobody puts a new secret into the connection's settings as long as the one that is there works. */
  staysPut = false;
  #credential: unknown;

  readonly #identity: string;

  constructor(
    readonly service: KillableService,
    identity: string,
  ) {
    this.#identity = identity;
  }

  /** `pulumi state taint` of every ApiKey: each is replaced without a look at what there is, once that is recorded. */
  taint(): void {
    this.#tainted = new Set([...this.#store.keys()].filter((name) => typeOf(name) === "ApiKey"));
  }

  /** What the connection's settings have by now; undefined while that is an administrator's credential. */
  credential(): string | undefined {
    if (this.own === undefined) return undefined;
    const published = this.#store.get(this.own)?.state?.outs.secret;
    const isMoved = this.service.works(published) && !(this.staysPut && this.service.works(this.#credential));
    if (isMoved) this.#credential = published;
    return String(this.#credential);
  }

  /** `pulumi refresh`. */
  async refresh(): Promise<void> {
    const engines = this.#boot({ keys: [], round: 1, prefix: "" }, new Fate(), []);
    for (const engine of engines.values()) await engine.refresh();
    this.#keep(engines);
  }

  /** Resources that are disabled. */
  disabled(): string[] {
    return [...this.#store].filter(([, { state }]) => state?.outs.status === "disabled").map(([name]) => name);
  }

  /** One `pulumi up`, in a process of its own. */
  async run(wish: Wish, fate = new Fate()): Promise<Ended> {
    const warnings: string[] = [];
    const engines = this.#boot(wish, fate, warnings);
    fate.onKill = () => this.#keep(engines);
    const whole = this.#update(engines, wish);
    const end = await Promise.race([
      fate.killed.then(async (killedIn) => ({ killedIn, failures: [] })),
      whole.then((failures) => ({ failures })),
    ]);
    if ("killedIn" in end) await fate.afterKill(whole);
    else this.#keep(engines);
    return { ...end, warnings };
  }

  /**
   * Two updates at once, because somebody has removed the lock of the first one, which goes on. Each writes the whole state as it
   * knows it, with every change. The second one begins so many turns after the first.
   */
  async runBoth(wish: Wish, fates: readonly [Fate, Fate], turnsLater: number): Promise<readonly Ended[]> {
    const write = (engines: ReadonlyMap<string, EngineDouble>) => () => {
      const kept = [...engines].map(([name, { state, pendingDeletes }]) => [name, { state, pendingDeletes }] as const);
      this.#store = new Map(kept.filter(([, { state, pendingDeletes }]) => state ?? pendingDeletes[0]));
      for (const name of this.named()) this.#everNamed.add(name);
    };
    const runs = fates.map(async (fate, index): Promise<Ended> => {
      const warnings: string[] = [];
      await passed(index * turnsLater);
      const engines = this.#boot(wish, fate, warnings, () => this.#store);
      // Meanwhile the other one records what it had made.
      await passed(startTurns);
      for (const engine of engines.values()) onChange(engine, () => void passed(writeTurns).then(write(engines)));
      return { failures: await this.#update(engines, wish), warnings };
    });
    const ended = await Promise.all(runs);
    await passed(writeTurns);
    return ended;
  }

  /** The state as it is now; `restore` puts it back, as from a backup. */
  backup(): ReadonlyMap<string, Stored> {
    return this.#store;
  }

  restore(store: ReadonlyMap<string, Stored>): void {
    this.#store = store;
    this.#everNamed = new Set(this.named());
  }

  /** Somebody uses every key that the outputs publish. */
  useAll(): void {
    for (const { outs } of this.#entries()) this.service.use(outs.secret);
  }

  /** What a run has ended although somebody used it, and no state ever named it. */
  wronglyEnded(): Held[] {
    return this.service.ended.filter(({ key, used }) => used && !this.#everNamed.has(usualNames.markerIn(key.name)));
  }

  /** Markers of everything that the state names. */
  named(): string[] {
    return [...(stateIn(this.#export())?.names ?? [])].map((name) => usualNames.markerIn(name));
  }

  /** Accounts that are another resource's: more than one has them, or they bear another name than was asked for. */
  confused(): string[] {
    const accounts = this.#entries().filter(({ outs }) => outs.accountId !== undefined);
    const ids = accounts.map(({ id }) => id);
    const wrong = accounts.filter(({ outs: { name, origin, physicalName } }, index) => {
      const prefix = typeof name === "string" ? name : String(origin).split("/").pop();
      return ids.indexOf(ids[index] ?? "") !== index || !String(physicalName).startsWith(`${prefix ?? ""}-`);
    });
    return wrong.map(({ id }) => id);
  }

  /** Resources whose published secret does not work. */
  dead(): string[] {
    return [...this.#store].flatMap(([name, { state }]) => {
      const outs = state?.outs ?? {};
      const isCurrent = outs.secret !== undefined && outs.status === "active";
      const runs = Date.parse(String(outs.previousValidUntil)) > this.service.nowMs;
      const dead = [
        ...(isCurrent && !this.service.works(outs.secret) ? ["current"] : []),
        ...(runs && outs.previousSecret !== undefined && !this.service.works(outs.previousSecret) ? ["previous"] : []),
      ];
      return dead.map((which) => `${name}: ${which}`);
    });
  }

  /** @param file - what the state's file holds; by default what this run has written */
  #boot(
    wish: Wish,
    fate: Fate,
    warnings: string[],
    file?: () => ReadonlyMap<string, Stored>,
  ): Map<string, EngineDouble> {
    const engines = new Map<string, EngineDouble>();
    const warn = (message: string) => void warnings.push(message);
    const nowMs = () => this.service.nowMs;
    const beganMs = nowMs();
    const askState = async () => {
      const state = stateIn(this.#export(file?.() ?? engines));
      await fate.pause();
      return state;
    };
    const context: ResourceContext = {
      connections: this.service.connections(fate, this.credential()),
      nowMs,
      warn,
      marking: createMarking(askState, warn, nowMs, () => nowMs() - beganMs),
      clock: { nowMs: () => 0, sleep: () => Promise.resolve() },
    };
    for (const name of new Set([...this.#wanted(wish), ...this.#store.keys()])) {
      const engine = new EngineDouble(providers[typeOf(name)](context));
      const { state, pendingDeletes = [] } = this.#store.get(name) ?? {};
      engine.state = state;
      engine.pendingDeletes = pendingDeletes;
      engines.set(name, engine);
    }
    return engines;
  }

  /** Accounts first, then all keys side by side, then what is not wanted any more. */
  async #update(engines: ReadonlyMap<string, EngineDouble>, wish: Wish): Promise<string[]> {
    const wanted = this.#wanted(wish);
    const isAccount = (name: string) => typeOf(name) === "ServiceAccount";
    const up = async (name: string): Promise<readonly string[]> => {
      const engine = engines.get(name) as EngineDouble;
      const account = engines.get(this.#accountOf(name) ?? "")?.state?.id;
      const program = this.#program(name, wish, account);
      return (await (this.#tainted.has(name) ? engine.targetReplace(program) : engine.up(program))).failures;
    };
    const failures: string[] = [];
    for (const phase of [wanted.filter(isAccount), wanted.filter((name) => !isAccount(name))])
      failures.push(...(await Promise.all(phase.map(up))).flat());
    if (failures.length > 0) return failures;
    const gone = [...engines.keys()].filter((name) => !wanted.includes(name));
    for (const phase of [gone.filter((name) => !isAccount(name)), gone.filter(isAccount)])
      for (const name of phase) failures.push(...((await engines.get(name)?.destroy())?.failures ?? []));
    return failures;
  }

  #wanted({ keys }: Wish): string[] {
    const accounts = keys.map((name) => this.#accountOf(name)).filter((name) => name !== undefined);
    return [...new Set([...accounts, ...keys])];
  }

  /** Where an account keeps few keys, each resource has its own. */
  #accountOf(name: string): string | undefined {
    const { parent, maxActiveKeys } = this.service.capabilities;
    if (parent === "credential" || typeOf(name) === "ServiceAccount") return undefined;
    return maxActiveKeys === undefined ? "s" : `s-${name}`;
  }

  #program(name: string, wish: Wish, account: string | undefined): object {
    const { maxActiveKeys, nativeRotate, scopes } = this.service.capabilities;
    const named = name.endsWith("1") ? { name: wish.prefix } : {};
    const common = {
      origin: `acme/billing/dev/${name.startsWith("t") ? "t" : name}`,
      ...named,
      ...(wish.enables === true && { onDisabled: "enable" }),
      ...(name === this.own && { selfRotate: true }),
    };
    if (typeOf(name) === "ServiceAccount") return { ...common, role: "viewer" };
    const isOne = maxActiveKeys === 1;
    const hasGap = isOne && nativeRotate?.maxGraceMs === 0;
    const key = defined({
      ...common,
      scopes: scopes === "none" ? undefined : ["read:checks"],
      serviceAccountId: account,
      allowOutage: isOne ? true : undefined,
    });
    if (typeOf(name) === "ApiKey") return { ...key, keepers: { round: String(wish.round) } };
    const overlap = hasGap ? {} : { overlap: "7d" };
    const ends = wish.immediately ? { retire: "immediately" } : overlap;
    return defined({ ...key, rotateEvery: "30d", ...ends, emergency: wish.emergency });
  }

  #keep(engines: ReadonlyMap<string, EngineDouble>): void {
    const kept = [...engines].map(([name, { state, pendingDeletes }]) => [name, { state, pendingDeletes }] as const);
    const isMade = (name: string) =>
      engines.get(name)?.state?.outs.physicalName !== this.#store.get(name)?.state?.outs.physicalName;
    this.#tainted = new Set([...this.#tainted].filter((name) => !isMade(name)));
    this.#store = new Map(kept.filter(([, { state, pendingDeletes }]) => state ?? pendingDeletes[0]));
    for (const name of this.named()) this.#everNamed.add(name);
  }

  #entries(store: ReadonlyMap<string, Stored> = this.#store): StateEntry[] {
    return [...store.values()].flatMap(({ state, pendingDeletes }) => [...(state ? [state] : []), ...pendingDeletes]);
  }

  /** What `pulumi stack export` would print by now. */
  #export(store: ReadonlyMap<string, Stored> = this.#store): object {
    const resources = [...store].flatMap(([name, stored]) =>
      this.#entries(new Map([[name, stored]])).map(({ id, outs }) => ({
        type: `pulumi-nodejs:dynamic/apikeys:${typeOf(name)}`,
        id,
        outputs: outs,
      })),
    );
    return {
      deployment: { resources: [{ type: "pulumi:providers:pulumi-nodejs", id: this.#identity }, ...resources] },
    };
  }
}

export function typeOf(name: string): ResourceType {
  return name.startsWith("s") ? "ServiceAccount" : name.startsWith("r") ? "RotatingApiKey" : "ApiKey";
}

/** How long a process takes to its first request. */
const startTurns = 2_000;

/** How long the engine takes to write the state. */
const writeTurns = 100;

async function passed(turns: number): Promise<void> {
  for (let left = turns; left > 0; left -= 1) await Promise.resolve();
}

/** Calls back whenever the engine records something. */
function onChange(engine: EngineDouble, written: () => void): void {
  for (const field of ["state", "pendingDeletes"] as const) {
    let value: unknown = engine[field];
    Object.defineProperty(engine, field, {
      get: () => value,
      set: (next: unknown) => {
        value = next;
        written();
      },
    });
  }
}
