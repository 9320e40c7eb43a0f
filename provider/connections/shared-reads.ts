/**
 * Lets the reads of a refresh share one list of keys, if the service's list reports as much as a read of each key. Changes
 * never use it: they read for themselves.
 */
import type { ApiKey, KeyRef, ReadingClient, ServiceAccount } from "../backends/definition";
import { secondMs } from "../values/durations";
import { withPageLimit } from "../http/list-bounds";

/** An answer is shared for this long at most, counted from its request. */
const sharedForMs = 15 * secondMs;
/** The engine keeps several reads under way. After a pause of this length, the next read begins another sweep. */
const pauseMs = secondMs;
/** A list may have this many pages more than there are keys to read. */
const sparePages = 4;
/** Fewer accounts are read one by one. */
const fewestAccounts = 5;

/** A reading client whose calls share answers during one sweep. */
export interface SharedReads {
  readonly client: ReadingClient;
  /** Ends the sweep, because something changes on the service. */
  readonly end: () => void;
}

export interface SharingOptions {
  /** The capability: a list reports everything about a key that `getKey` reports. */
  readonly listTellsAll: boolean;
  /** The capability: a list reports everything about an account that `getServiceAccount` reports. Default: false. */
  readonly accountsTellAll?: boolean | undefined;
  /** Monotonic time, in milliseconds. */
  readonly nowMs: () => number;
  /** Waits for the answer to a shared call. Left out: without reporting the wait. */
  readonly joins?: (<Answer>(answer: Promise<Answer>) => Promise<Answer>) | undefined;
}

export function shareReads(client: ReadingClient, options: SharingOptions): SharedReads {
  const { listTellsAll, accountsTellAll = false } = options;
  const sweep = new Sweep(options);
  const { getServiceAccount, listServiceAccounts } = client;
  const keysOf = (id: string | undefined) => `keys of ${id ?? ""}`;

  /** A list of its own, for the proof that something is gone: the shared one may have been given up. */
  const whole = async <List>(what: string, list: () => Promise<List>): Promise<List> => {
    const known = await sweep.known<List>(what)?.catch(() => undefined);
    return known ?? sweep.share(`all ${what}`, list);
  };

  async function getKey(ref: KeyRef): Promise<ApiKey | undefined> {
    const { serviceAccountId } = ref;
    const what = keysOf(serviceAccountId);
    const parent = sweep.parent<ApiKey>(what);
    parent.reads += 1;
    const list = () =>
      sweep.share(what, () => client.listKeys(serviceAccountId === undefined ? {} : { serviceAccountId }));
    const listed = sweep.overlaps ? await parent.find(ref, list) : undefined;
    return listed ?? parent.readAlone(client.getKey(ref));
  }

  async function oneAccount(id: string): Promise<ServiceAccount | undefined> {
    const ask = () => Promise.resolve(getServiceAccount?.(id));
    if (!accountsTellAll || !listServiceAccounts) return ask();
    const all = sweep.parent<ServiceAccount>("accounts");
    all.reads += 1;
    // The list has everybody's accounts, and a run may be about few of them.
    const isMany = sweep.overlaps && all.reads >= fewestAccounts;
    const listed = isMany
      ? await all.find({ id }, () => sweep.share("accounts", () => listServiceAccounts({})))
      : undefined;
    return listed ?? all.readAlone(ask());
  }

  return {
    end: () => sweep.end(),
    client: {
      ...client,
      listKeys: (parent) => sweep.during(() => whole(keysOf(parent.serviceAccountId), () => client.listKeys(parent))),
      ...(listTellsAll && { getKey: (ref) => sweep.during(() => getKey(ref)) }),
      ...(getServiceAccount && {
        getServiceAccount: (id) => sweep.during(() => sweep.share(`account ${id}`, () => oneAccount(id))),
      }),
      ...(listServiceAccounts && {
        listServiceAccounts: (filter) =>
          sweep.during(() =>
            filter.name === undefined
              ? whole("accounts", () => listServiceAccounts(filter))
              : listServiceAccounts(filter),
          ),
      }),
    },
  };
}

/** Reads in close succession. They share answers as soon as two are under way at once. */
class Sweep {
  readonly #nowMs: () => number;
  readonly #joins: NonNullable<SharingOptions["joins"]>;
  readonly #answers = new Map<string, { readonly askedMs: number; readonly answer: Promise<unknown> }>();
  readonly #parents = new Map<string, Parent<ApiKey> | Parent<ServiceAccount>>();
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

  /** Those of one list; its name says what they are. */
  parent<Item extends ApiKey | ServiceAccount>(what: string): Parent<Item> {
    const parent = (this.#parents.get(what) as Parent<Item> | undefined) ?? new Parent<Item>();
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

  /** The answer that another read of this sweep got or will get. Reads that already wait share a failure, too. */
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
class Parent<Item extends ApiKey | ServiceAccount> {
  reads = 0;
  /** The number of reads before the next list: the last one failed, or had too many pages. */
  #notBefore = 0;
  /** The list and the key's own answer differ about the first key. */
  #differs = false;
  #first: Promise<Item | undefined> | undefined;
  readonly #indexed = new WeakMap<readonly Item[], ReadonlyMap<string, Item | undefined>>();

  /** Reads one key by itself. The list must agree with the first of these. */
  readAlone(answer: Promise<Item | undefined>): Promise<Item | undefined> {
    this.#first ??= answer.catch(() => undefined);
    return answer;
  }

  /** The key as listed; undefined if the list does not settle it. */
  async find(
    { id }: { readonly id: string },
    list: () => Promise<readonly Item[] | undefined>,
  ): Promise<Item | undefined> {
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
      // It says nothing about the list. The next key that is read alone may.
      if (this.#first === reference) this.#first = undefined;
      return undefined;
    }
    if (!tellTheSame(first, same)) this.#differs = true;
    const listed = index.get(id);
    // Any other status would lead to a new key, so the key's own answer must confirm it.
    return this.#differs || listed?.status !== "active" ? undefined : listed;
  }
}

/** A list does not settle an id that it contains twice: the pages may have shifted while it was read. */
function byId<Item extends { readonly id: string }>(items: readonly Item[]): ReadonlyMap<string, Item | undefined> {
  const index = new Map<string, Item | undefined>();
  for (const item of items) index.set(item.id, index.has(item.id) ? undefined : item);
  return index;
}

/** True if two answers show the same key in the same state. The time of the last use may differ at any moment. */
export function tellTheSame(one: ApiKey | ServiceAccount, other: ApiKey | ServiceAccount): boolean {
  return canonical({ ...one, lastUsedAt: undefined }) === canonical({ ...other, lastUsedAt: undefined });
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, inner: unknown) => {
    if (Array.isArray(inner)) return [...(inner as unknown[])].map(String).sort();
    if (typeof inner !== "object" || inner === null) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
