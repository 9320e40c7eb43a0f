/** One case: a stack that is well, an update that is killed, a plain update after it, and what has to hold then. */
import { dayMs } from "../../../../provider/values/durations";
import { forgetSecrets } from "../../../../provider/secrets/known-secrets";
import { usualNames } from "../../../../provider/resources/identity/names";
import type { SeededRandom } from "../../../support/seeded-random";
import { Fate, type Order, points } from "./fate";
import { capabilitiesOf, isStepwise, type Kind, kindNames } from "./kinds";
import { type Held, KillableService } from "./service";
import { type Ended, type Wish, World } from "./world";

export const operations = [
  "create",
  "replace",
  "taint",
  "rotate",
  "retire",
  "emergency",
  "immediately",
  "rename",
  "delete",
  "destroy",
  "restored backup",
  "enable",
  "own key replaced",
  "own key rotated",
  "own key rotated at once",
  "own key in an emergency",
] as const;
export type Operation = (typeof operations)[number];

/** The resource whose key the connection runs on. */
const ownKeys: Partial<Record<Operation, string>> = {
  "own key replaced": "a1",
  "own key rotated": "r1",
  "own key rotated at once": "r1",
  "own key in an emergency": "r1",
};

export interface Case {
  readonly kind: Kind;
  readonly operation: Operation;
  readonly order: Order;
  /** When a late request is done: before the next update, at its first write, or after it. */
  readonly lands: "before" | "within" | "after";
}

export function drawCase(random: SeededRandom): Case {
  const pick = <Item>(items: readonly Item[]): Item => items[random.below(items.length)] as Item;
  const kind = pick(kindNames);
  const point = pick(points);
  // A key in use that the state does not know takes the room of the next one, and outlives the stack: only its owner can decide.
  const isOwners = capabilitiesOf(kind).maxActiveKeys !== undefined || point === "unanswered";
  const { maxActiveKeys, enable } = capabilitiesOf(kind);
  const operation = pick(
    operations.filter(
      (each) =>
        !(isOwners && each === "restored backup") &&
        (each !== "enable" || enable) &&
        // The one key of an account has no successor beside it.
        !(maxActiveKeys === 1 && ownKeys[each] !== undefined),
    ),
  );
  // Its accounts are made in steps, at the beginning.
  const creates = isStepwise(kind) && random.below(2) === 0;
  const order = { point, writes: random.below(creates ? 3 : 6), pace: random.below(2 ** 31) };
  return {
    kind,
    operation: creates ? "create" : operation,
    order,
    lands: pick(["before", "within", "after"] as const),
  };
}

export interface Verdict {
  /** The run came to its end before its moment: nothing was killed. */
  readonly missed: boolean;
  /** Keys and accounts that no state named between the kill and the next update. */
  readonly left: number;
  /** Published secrets that did not work between the kill and the next update. */
  readonly dead: readonly string[];
  /** What does not hold after the next update. Empty = all is well. */
  readonly broken: readonly string[];
}

const everything: Wish = { keys: ["a1", "a2", "r1", "t1", "t2"], round: 1, prefix: "shared" };

/**
 * Whether a kill may leave a published secret dead until the next update: where the change itself ends that secret, before the
 * engine can record its successor, or where the state was put back.
 */
export function mayBeDead({ kind, operation }: Case): boolean {
  if (isEmergency(operation)) return true;
  if (["immediately", "own key rotated at once", "delete", "destroy", "restored backup"].includes(operation))
    return true;
  const { maxActiveKeys, nativeRotate } = capabilitiesOf(kind);
  // An account with one key gives it up before the next one, unless it rotates with a grace.
  return maxActiveKeys === 1 && !(["rotate", "retire"].includes(operation) && (nativeRotate?.maxGraceMs ?? 0) > 0);
}

function isToldTheWay({ warnings }: Ended): boolean {
  return warnings.some((words) => words.includes("make a new credential on the service"));
}

function isEmergency(operation: Operation): boolean {
  return operation === "emergency" || operation === "own key in an emergency";
}

export async function play({ kind, operation, order, lands }: Case): Promise<Verdict> {
  forgetSecrets();
  const stage = await Stage.open(kind);
  const wish = await stage.prepare(operation);
  // Somebody moves the connection to its new key soon, or late.
  stage.world.staysPut = operation !== "own key replaced" && order.pace % 2 === 1;
  const fate = new Fate(order);
  const end = await stage.world.run(wish, fate);
  const left = stage.orphans().length;
  const dead = stage.world.dead();
  const credential = stage.world.credential();
  const isLockedOut = credential !== undefined && !stage.service.works(credential);
  const mayLockOut = operation === "own key in an emergency" && isToldTheWay(end);
  // Somebody makes a new credential on the service, also where the revocation comes later.
  if (mayLockOut && (isLockedOut || fate.late)) stage.world.own = undefined;
  const late = fate.late && { run: fate.late, lands: end.killedIn === "createKey" ? lands : "before" };
  const lost = fate.isUnanswered();
  // What nobody asks for any more no later update comes across: the record has to name it.
  const broken = lost ? await stage.ended() : await stage.repaired(wish, end, late);
  const missed = end.killedIn === undefined && !lost;
  const isWarned = end.warnings.some((words) => words.includes("run it again at once"));
  const untold = isEmergency(operation) && dead.some((which) => which.startsWith("r")) && !isWarned;
  const silence = untold
    ? ["a published secret is dead after an emergency that was cut short, and nobody was told"]
    : [];
  const lockedOut = ["the connection is left without a credential that works"].filter(() => isLockedOut && !mayLockOut);
  return { missed, left, dead, broken: [...stage.violations(), ...lockedOut, ...silence, ...broken] };
}

/**
 * A request that is done after its run is gone. One that makes a key may come at any time; for the others the next run may find
 * no reason to look again, so they come before it.
 */
interface Late {
  readonly lands: Case["lands"];
  readonly run: () => Promise<unknown>;
}

/** Of the state that the runs work on. */
export const identity = "9b1c1d52-0000-4000-8000-000000000001";

/** A stack on a service, beside another stack and keys that are nobody's. */
export class Stage {
  readonly world: World;
  /** The same stack in another backend: what it has looks like ours. */
  readonly #other: World;
  #foreign: readonly Held[] = [];

  private constructor(
    kind: Kind,
    readonly service = new KillableService(kind),
  ) {
    this.world = new World(service, identity);
    this.#other = new World(service, "9b1c1d52-0000-4000-8000-000000000002");
  }

  static async open(kind: Kind): Promise<Stage> {
    const stage = new Stage(kind);
    const { service } = stage;
    const { failures } = await stage.#other.run({ ...everything, keys: ["a1", "r1", "t1"] });
    if (failures.length > 0) throw new Error(failures.join(" "));
    if (service.capabilities.parent === "credential")
      for (const name of [
        "shared",
        "shared-by-hand",
        "a2-acab0123456789",
        usualNames.physicalName("shared", "acme/billing/dev/a1"),
      ])
        service.plant(name);
    stage.#foreign = [...service.held.values()];
    return stage;
  }

  /** Brings the stack to where the operation begins. @returns what the killed update asks for */
  async prepare(operation: Operation): Promise<Wish> {
    if (operation === "create") return everything;
    await this.#well(everything);
    if (operation === "restored backup") {
      const backup = this.world.backup();
      this.service.nowMs += 31 * dayMs;
      await this.#well({ ...everything, round: 2 });
      this.world.useAll();
      this.world.restore(backup);
      return { ...everything, round: 3 };
    }
    this.world.useAll();
    // A tainted key gets its successor first, for which an account with one key has no room.
    const taints = operation === "taint" && this.service.capabilities.maxActiveKeys !== 1;
    if (taints) this.world.taint();
    if (operation === "replace" || operation === "taint") return { ...everything, round: taints ? 1 : 2 };
    if (operation === "rename") return { ...everything, prefix: "renamed" };
    if (operation === "delete") return { ...everything, keys: ["a2", "r1", "t1"] };
    if (operation === "destroy") return { ...everything, keys: [] };
    if (isEmergency(operation)) {
      this.world.own = ownKeys[operation];
      return { ...everything, emergency: "INC-1" };
    }
    if (operation === "enable") return this.#disabled();
    this.world.own = ownKeys[operation];
    if (operation === "own key replaced") return { ...everything, round: 2 };
    return this.#due(operation);
  }

  /** Somebody has disabled all that the stack has, and a refresh has seen it. */
  async #disabled(): Promise<Wish> {
    const named = this.world.named();
    this.service.disable((name) => named.some((marker) => marker !== "" && name.endsWith(marker)));
    await this.world.refresh();
    return { ...everything, enables: true };
  }

  /** The time of the next key has come, or that of the previous one is over. */
  async #due(operation: Operation): Promise<Wish> {
    const immediately = { ...everything, immediately: true };
    const atOnce = operation === "immediately" || operation === "own key rotated at once";
    if (atOnce) await this.#well(immediately);
    this.service.nowMs += 31 * dayMs;
    if (atOnce) return immediately;
    if (operation === "rotate" || operation === "own key rotated") return everything;
    await this.#well(everything);
    this.service.nowMs += 8 * dayMs;
    return everything;
  }

  async #well(wish: Wish): Promise<void> {
    const { failures } = await this.world.run(wish);
    if (failures.length > 0) throw new Error(failures.join(" "));
  }

  /** What lives on the service, and is neither named by the state nor somebody else's. */
  orphans(): readonly { readonly id: string; readonly name: string }[] {
    const named = [...this.world.named(), ...this.#other.named()];
    const isNamed = (name: string) => named.some((marker) => marker !== "" && name.endsWith(marker));
    const keys = this.service
      .living()
      .filter(({ key }) => !this.#foreign.some((each) => each.key.id === key.id && each.key.name === key.name))
      .map(({ key }) => key);
    return [...keys, ...this.service.accounts.values()].filter(({ name }) => !isNamed(name));
  }

  /** What must not happen at any time. */
  violations(): string[] {
    const touched = this.#foreign.filter(({ key }) => {
      const now = this.service.held.get(key.id);
      return now?.key.status !== key.status || now.secrets !== this.#foreign.find((each) => each.key === key)?.secrets;
    });
    return [
      ...touched.map(({ key }) => `somebody else's key ${key.id} (${key.name}) was touched`),
      ...this.world.wronglyEnded().map(({ key }) => `the key ${key.id} (${key.name}) was in use, and is ended`),
    ];
  }

  /** What must not be left after the last of these updates. What is left alone has to be told in one of them. */
  differences(runs: readonly Ended[]): string[] {
    const warnings = runs.flatMap((run) => run.warnings);
    const isTold = (id: string) => warnings.some((words) => words.includes(` ${id} (`) && words.includes("left alone"));
    const left = this.orphans().filter(({ id }) => !isTold(id));
    const named = this.world.named();
    const gone = named.filter((marker) => !this.#exists(marker));
    const isNamed = (name: string) => named.some((marker) => marker !== "" && name.endsWith(marker));
    const bare = [...this.service.accounts.values()].filter(({ name, role }) => isNamed(name) && role !== "viewer");
    const records = this.service.records().filter(({ key }) => !isNamed(key.name));
    return [
      ...bare.map(({ id }) => `the account ${id} has not got its role`),
      ...records.map(({ key }) => `the record of ${key.id}, which has ended, is left`),
      ...left.map(({ id, name }) => `${id} (${name}) lives, and no state names it`),
      ...this.world.confused().map((id) => `the account ${id} is another resource's`),
      ...this.world.disabled().map((which) => `${which} is left disabled`),
      ...this.world.dead().map((which) => `the secret of ${which} is published and dead`),
      ...gone.map((marker) => `the state names …${marker}, which is not on the service`),
    ];
  }

  #exists(marker: string): boolean {
    return (
      [...this.service.held.values()].some(({ key }) => key.name.endsWith(marker)) ||
      [...this.service.accounts.values()].some(({ name }) => name.endsWith(marker))
    );
  }

  /** The stack is destroyed after an answer was lost. @returns what does not hold then */
  async ended(): Promise<string[]> {
    // The key of the connection ends with the others, so it gets another one before.
    this.world.own = undefined;
    const end = await this.world.run({ ...everything, keys: [] });
    return [...end.failures, ...this.differences([end])];
  }

  /** The update after the killed one, and the one after that. @returns what does not hold then */
  async repaired(wish: Wish, end: Ended, late: Late | undefined): Promise<string[]> {
    if (end.failures.length > 0) return [`the update failed: ${end.failures.join(" ")}`];
    let landed = late === undefined;
    const land = async (now: boolean): Promise<void> => {
      if (landed || !now) return;
      landed = true;
      // The service may refuse it by then: nobody hears of that.
      await late?.run().catch(() => undefined);
    };
    await land(late?.lands === "before");
    const next = new Fate();
    next.beforeFirstWrite = () => land(late?.lands === "within");
    const first = await this.world.run(wish, next);
    const repair = this.#sweeps(first) ? await this.world.run(wish, next) : first;
    // A key that comes while the update is at work may take the room that it saw: then the service refuses the update's own.
    const mayBeRefused = late?.lands === "within" && landed && this.service.capabilities.maxActiveKeys !== undefined;
    if (repair.failures.length > 0 && !mayBeRefused)
      return [`the update after the kill failed: ${repair.failures.join(" ")}`];
    // The key that the connection ran on goes with the update after the one that has recorded its successor.
    const after = this.world.own === undefined ? undefined : await this.world.run(wish);
    if (after && after.failures.length > 0) return [`the update after that one failed: ${after.failures.join(" ")}`];
    if (!late || late.lands === "before") return [...this.differences([end, repair]), ...(await this.#quiet(wish))];

    // What comes while or after the next update looks is ended before the next key.
    await land(true);
    this.service.nowMs += 31 * dayMs;
    const again = await this.world.run({ ...wish, round: wish.round + 10 });
    return [...again.failures, ...(wish.keys.length === 0 ? [] : this.differences([end, repair, again]))];
  }

  /**
   * Where a successor of the connection's key has no room, because the one that the killed run tried out counts as used, the warning
   * names the command that ends it. @returns whether somebody has run it
   */
  #sweeps(update: Ended): boolean {
    if (!update.failures.some((words) => words.includes("too many keys"))) return false;
    const told = this.orphans().filter(({ id }) =>
      update.warnings.some((words) => words.includes(` ${id} (`) && words.includes("apikeys sweep --yes --used")),
    );
    for (const { id } of told) this.service.sweep(id);
    return told.length > 0;
  }

  /** One more update has nothing to do. */
  async #quiet(wish: Wish): Promise<string[]> {
    const before = this.service.writes;
    const { failures } = await this.world.run(wish);
    return [
      ...failures.map((words) => `a second update failed: ${words}`),
      ...(this.service.writes > before ? ["a second update is not quiet"] : []),
    ];
  }
}
