/**
 * Reads that share. A refresh asks for every key, and many services tell all keys of a parent in a few pages. Reads that
 * the engine makes side by side use one list. It serves no other call: whatever changes a service looks for itself.
 */
import type { ApiKey, KeyRef, ReadingClient } from "../backends/definition";
import { secondMs } from "../values/durations";
import { withPageLimit } from "../http/list-bounds";

/** An answer is shared for this long at most, counted from its request. */
const sharedForMs = 15 * secondMs;
/** The engine keeps several reads under way. Without any for this long, what comes next is another sweep. */
const pauseMs = secondMs;
/** A list may have this many pages more than there are keys to read. */
const sparePages = 4;

/** A reading client whose calls share their answers during one sweep. */
export interface SharedReads {
  readonly client: ReadingClient;
  /** Ends the sweep: something changes on the service. */
  readonly end: () => void;
}

export interface SharingOptions {
  /** The capability: a list tells of a key all that `getKey` tells. */
  readonly listTellsAll: boolean;
  /** Monotonic time, in milliseconds. */
  readonly nowMs: () => number;
  /** Waits for the answer to another one's call. Left out: without telling anybody. */
  readonly joins?: (<Answer>(answer: Promise<Answer>) => Promise<Answer>) | undefined;
}

export function shareReads(client: ReadingClient, options: SharingOptions): SharedReads {
  const { listTellsAll } = options;
  const sweep = new Sweep(options);
  const { getServiceAccount, listServiceAccounts } = client;
  const keysOf = (id: string | undefined) => `keys of ${id ?? ""}`;

  /** For a proof that a key is gone: a list that was read for single keys may have been given up, and this one is not. */
  const listKeys: ReadingClient["listKeys"] = async (parent) => {
    const what = keysOf(parent.serviceAccountId);
    const known = await sweep.known<readonly ApiKey[] | undefined>(what)?.catch(() => undefined);
    return known ?? sweep.share(`all ${what}`, () => client.listKeys(parent));
  };

  async function getKey(ref: KeyRef): Promise<ApiKey | undefined> {
    const { serviceAccountId } = ref;
    const what = keysOf(serviceAccountId);
    const parent = sweep.parent(what);
    parent.reads += 1;
    const list = () =>
      sweep.share(what, () => client.listKeys(serviceAccountId === undefined ? {} : { serviceAccountId }));
    const listed = sweep.overlaps ? await parent.find(ref, list) : undefined;
    return listed ?? parent.readAlone(client.getKey(ref));
  }

  return {
    end: () => sweep.end(),
    client: {
      ...client,
      listKeys: (parent) => sweep.during(() => listKeys(parent)),
      ...(listTellsAll && { getKey: (ref) => sweep.during(() => getKey(ref)) }),
      ...(getServiceAccount && {
        getServiceAccount: (id) => sweep.during(() => sweep.share(`account ${id}`, () => getServiceAccount(id))),
      }),
      ...(listServiceAccounts && {
        listServiceAccounts: (filter) =>
          sweep.during(() =>
            filter.name === undefined
              ? sweep.share("accounts", () => listServiceAccounts(filter))
              : listServiceAccounts(filter),
          ),
      }),
    },
  };
}

/** Reads that follow one another closely. Their answers are shared as soon as two of them are under way at once. */
class Sweep {
  readonly #nowMs: () => number;
  readonly #joins: NonNullable<SharingOptions["joins"]>;
  readonly #answers = new Map<string, { readonly askedMs: number; readonly answer: Promise<unknown> }>();
  readonly #parents = new Map<string, Parent>();
  #underWay = 0;
  #lastMs = -Infinity;
  #overlaps = false;

  constructor({ nowMs, joins = (answer) => answer }: SharingOptions) {
    this.#nowMs = nowMs;
    this.#joins = joins;
  }

  get overlaps(): boolean {
    return this.#overlaps;
  }

  end(): void {
    this.#answers.clear();
    this.#parents.clear();
    this.#overlaps = false;
  }

  parent(what: string): Parent {
    const parent = this.#parents.get(what) ?? new Parent();
    this.#parents.set(what, parent);
    return parent;
  }

  async during<Result>(run: () => Promise<Result>): Promise<Result> {
    if (this.#underWay === 0 && this.#nowMs() - this.#lastMs > pauseMs) this.end();
    if (this.#underWay > 0) this.#overlaps = true;
    this.#underWay += 1;
    try {
      return await run();
    } finally {
      this.#underWay -= 1;
      this.#lastMs = this.#nowMs();
    }
  }

  known<Answer>(what: string): Promise<Answer> | undefined {
    const known = this.#answers.get(what);
    if (!this.#overlaps || !known || this.#nowMs() - known.askedMs > sharedForMs) return undefined;
    return known.answer as Promise<Answer>;
  }

  /** The answer that another read of this sweep has got, or is about to get. A failure is shared by those who wait for it. */
  share<Answer>(what: string, ask: () => Promise<Answer>): Promise<Answer> {
    if (!this.#overlaps) return ask();
    const known = this.known<Answer>(what);
    if (known) return this.#joins(known);
    const answer = ask();
    const entry = { askedMs: this.#nowMs(), answer };
    this.#answers.set(what, entry);
    answer.catch(() => {
      if (this.#answers.get(what) === entry) this.#answers.delete(what);
    });
    return answer;
  }
}

/** The keys of one parent, and how far its list can be trusted. */
class Parent {
  reads = 0;
  /** No list before there are as many reads: the last one failed, or had too many pages. */
  #notBefore = 0;
  /** The list tells the first key otherwise than the key's own answer. */
  #differs = false;
  #first: Promise<ApiKey | undefined> | undefined;
  readonly #indexed = new WeakMap<readonly ApiKey[], ReadonlyMap<string, ApiKey | undefined>>();

  /** Reads one key by itself. The first one is what the list has to agree with. */
  readAlone(answer: Promise<ApiKey | undefined>): Promise<ApiKey | undefined> {
    this.#first ??= answer.catch(() => undefined);
    return answer;
  }

  /** The key as the list tells it; undefined if the list does not settle it. */
  async find({ id }: KeyRef, list: () => Promise<readonly ApiKey[] | undefined>): Promise<ApiKey | undefined> {
    if (this.#differs || this.#first === undefined || this.reads < this.#notBefore) return undefined;
    const keys = await withPageLimit(() => this.reads + sparePages, list).catch(() => {
      this.#notBefore = Math.max(this.#notBefore, 8 * this.reads);
      return undefined;
    });
    if (!keys) return undefined;
    const index = this.#indexed.get(keys) ?? byId(keys);
    this.#indexed.set(keys, index);
    const reference = this.#first;
    const first = await reference;
    const same = first && index.get(first.id);
    if (!first || !same) {
      // It shows nothing of the list. The next key that is read alone may.
      if (this.#first === reference) this.#first = undefined;
      return undefined;
    }
    if (!tellTheSame(first, same)) this.#differs = true;
    const listed = index.get(id);
    // A successor would follow from any other status, so the key's own answer has to confirm it.
    return this.#differs || listed?.status !== "active" ? undefined : listed;
  }
}

/** An id that the list has twice is not settled by it: the pages may have shifted while it was read. */
function byId(keys: readonly ApiKey[]): ReadonlyMap<string, ApiKey | undefined> {
  const index = new Map<string, ApiKey | undefined>();
  for (const key of keys) index.set(key.id, index.has(key.id) ? undefined : key);
  return index;
}

/** Whether two answers are about the same key in the same state. The time of its last use changes at any moment. */
export function tellTheSame({ lastUsedAt: _a, ...one }: ApiKey, { lastUsedAt: _b, ...other }: ApiKey): boolean {
  return canonical(one) === canonical(other);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, inner: unknown) => {
    if (Array.isArray(inner)) return [...(inner as unknown[])].map(String).sort();
    if (typeof inner !== "object" || inner === null) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
