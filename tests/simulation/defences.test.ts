/**
 * What keeps killed runs from doing harm, each piece switched off once: some killed run then has to go wrong. A defence without
 * which nothing goes wrong is none, or no test looks at it.
 */
import { expect, jest, test } from "@jest/globals";
import type * as enabling from "../../provider/resources/key/enable";
import type * as keys from "../../provider/resources/key/key-on-service";
import type * as markings from "../../provider/resources/identity/marking";
import type * as allNames from "../../provider/resources/identity/names";
import type * as ownKeys from "../../provider/resources/key/own-key";
import type * as partial from "../../provider/resources/lifecycle";
import type * as successions from "../../provider/resources/rotation/succession";
import type * as steps from "../../provider/resources/rotation/next-step";
import { seed } from "../support/seed";
import { createRandom } from "../support/seeded-random";
import type * as stories from "./support/killed/story";

type Marking = typeof markings;
type Naming = markings.Naming;

let off = "";

function mock<Module extends object>(path: string, change: (actual: Module) => Partial<Module>): void {
  jest.doMock(path, () => {
    const actual = jest.requireActual<Module>(path);
    return { ...actual, ...change(actual) };
  });
}

mock<typeof allNames>("../../provider/resources/identity/names", ({ resourceMark }) => ({
  resourceMark: (identity, type, origin) => {
    if (off === "the mark of the state") return { ...resourceMark("any", type, origin) };
    const mark = resourceMark(identity, type, origin);
    return off === "the mark of the resource" ? { ...mark, resource: "aaaaa" } : mark;
  },
}));

mock<Marking>("../../provider/resources/identity/marking", ({ createMarking }) => ({
  createMarking: (askState, warn, nowMs) => {
    const ask: typeof askState = async (stack) => {
      const state = await askState(stack);
      return state && off === "what the state names is known" ? { ...state, names: new Set() } : state;
    };
    const shared = createMarking(ask, warn, nowMs);
    return {
      holder: (named, connection, id) => shared.holder(named, connection, id),
      async naming(type, named, connection) {
        const client = {
          ...connection.client,
          listKeys: async (parent: { readonly serviceAccountId?: string }) =>
            (await connection.client.listKeys(parent))?.map(({ lastUsedAt: _used, ...key }) => key),
        };
        const asked = off === "what was used is left alone" ? { ...connection, client } : connection;
        const marking = off === "what this run has made is its own" ? createMarking(ask, warn, nowMs) : shared;
        const naming: Naming = await marking.naming(type, named, asked);
        const { clearLeftovers: _gate, ...ungated } = naming;
        if (off === "the look before the next key") return ungated;
        if (off === "accounts are taken over") return { ...naming, takeLeftAccount: () => Promise.resolve(undefined) };
        // As if it had all that was asked for.
        const takeLeftAccount = async () => {
          const left = await naming.takeLeftAccount?.();
          return left && { ...left, role: "viewer" };
        };
        return off === "what an account lacks is given" ? { ...naming, takeLeftAccount } : naming;
      },
    };
  },
}));

mock<typeof partial>("../../provider/resources/lifecycle", ({ keptAfterFailure }) => ({
  keptAfterFailure: (error, ...record) =>
    off === "a lost create is recorded" ? (error as partial.PartialFailure) : keptAfterFailure(error, ...record),
}));

mock<typeof keys>("../../provider/resources/key/key-on-service", ({ observeKey }) => ({
  observeKey: async (connection, known, nowMs) => {
    const observed = await observeKey(connection, known, nowMs);
    if (off !== "the look before a rotation is repeated" || !observed.key || known.secretVersion === undefined)
      return observed;
    // As if nobody had looked: the key carries what the record says.
    const { previousVersion: _version, previousValidUntil: _until, ...key } = observed.key;
    return { status: "active", key: { ...key, secretVersion: known.secretVersion } };
  },
}));

mock<typeof ownKeys>("../../provider/resources/key/own-key", ({ isOwnKey }) => ({
  isOwnKey: (connection, key) =>
    off === "the connection's own key is known" ? Promise.resolve(false) : isOwnKey(connection, key),
}));

mock<typeof successions>("../../provider/resources/rotation/succession", ({ succeeded }) => ({
  succeeded: (progress, come) =>
    succeeded(progress, off === "it waits for the record of its successor" ? { ...come, tookOver: false } : come),
}));

mock<typeof steps>("../../provider/resources/rotation/next-step", ({ nextStep }) => ({
  nextStep: ({ ring, seen, aim }) => {
    const { endedRecords: _records, ...capabilities } = aim.facts.capabilities;
    const isOff = off === "the record of an ended key is removed";
    return nextStep({ ring, seen, aim: isOff ? { ...aim, facts: { ...aim.facts, capabilities } } : aim });
  },
}));

mock<typeof enabling>("../../provider/resources/key/enable", ({ enableKey }) => ({
  enableKey: (connection, known, nowMs) =>
    off === "an enabled key is looked at" ? Promise.resolve({ status: "active" }) : enableKey(connection, known, nowMs),
}));

const { drawCase, mayBeDead, play } = jest.requireActual<typeof stories>("./support/killed/story");

/** Plays killed runs until one does this harm. @returns what went wrong; undefined where none does */
async function harmOf(harm: RegExp, most: number): Promise<string | undefined> {
  const random = createRandom(seed);
  for (let played = 0; played < most; played += 1) {
    const one = drawCase(random);
    const { broken, dead } = await play(one);
    const wrong = [...broken, ...(mayBeDead(one) ? [] : dead)].join("; ");
    if (wrong !== "" && harm.test(wrong)) return `${JSON.stringify(one)}: ${wrong}`;
  }
  return undefined;
}

test.each<[string, RegExp]>([
  ["the mark of the state", /somebody else's key .* was touched/],
  ["the mark of the resource", /is another resource's/],
  ["the look before the next key", /lives, and no state names it/],
  ["what the state names is known", /which is not on the service|dead/],
  ["what was used is left alone", /was in use, and is ended/],
  ["what this run has made is its own", /which is not on the service|dead/],
  ["accounts are taken over", /account-\d+ .* lives, and no state names it/],
  ["a lost create is recorded", /lives, and no state names it/],
  ["the look before a rotation is repeated", /previous/],
  ["the connection's own key is known", /without a credential|the update after the kill failed|the update failed/],
  ["it waits for the record of its successor", /without a credential/],
  ["an enabled key is looked at", /dead/],
  ["what an account lacks is given", /has not got its role/],
  ["the record of an ended key is removed", /the record of .* is left/],
])(
  "without this some killed run does harm: %s",
  async (defence, harm) => {
    off = defence;
    expect(await harmOf(harm, 1_500)).toBeDefined();
  },
  120_000,
);

test("with all of them these killed runs do none", async () => {
  off = "";
  expect(await harmOf(/./, 100)).toBeUndefined();
}, 60_000);
