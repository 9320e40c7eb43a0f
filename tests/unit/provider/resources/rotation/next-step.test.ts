import { describe, expect, test } from "@jest/globals";
import type { Capabilities } from "../../../../../provider/backends/definition";
import type { ConnectionFacts } from "../../../../../provider/connections/connections";
import type { Aim } from "../../../../../provider/resources/rotation/due-issue";
import { recordChanges, replacements } from "../../../../../provider/resources/rotation/in-place";
import {
  fromOutputs,
  type KeyRing,
  type PreviousKey,
  type RotatingOutputs,
} from "../../../../../provider/resources/rotation/key-ring";
import { nextStep, type Step } from "../../../../../provider/resources/rotation/next-step";
import type { RotatingInputs } from "../../../../../provider/resources/rotation/fields";
import { Schedule } from "../../../../../provider/resources/rotation/schedule";
import { nothingSeen, type Seen } from "../../../../../provider/resources/rotation/seen";
import { unknownValue } from "../../../../../provider/values/wire";
import { catalogue, everyday, origin } from "../../support/fake-service";

const facts = (abilities: Partial<Capabilities> = {}): ConnectionFacts => ({
  name: "default",
  backend: "fake",
  origin: "http://127.0.0.1:4010",
  capabilities: { ...everyday, ...abilities },
  catalogue,
  assumeGone: [],
  movedFrom: [],
  movedFromAddresses: [],
});
const given = { connection: "default", origin, scopes: ["read:checks"], rotateEvery: "90d" } as const;
const outputs: RotatingOutputs = {
  ...given,
  status: "active",
  keyId: "key-2",
  secret: "a secret of the second key",
  physicalName: "export-0123456789",
  createdAt: "2027-04-01T10:00:00Z",
  service: "http://127.0.0.1:4010",
  generation: 2,
  issuedOn: "2027-04-01T00:00:00Z",
  rotationReason: "due: age 90 d of 90 d",
};
const previousKey: PreviousKey = {
  keyId: "key-1",
  physicalName: "export-9876543210",
  retireAfter: "2027-04-09T00:00:00Z",
  retire: "afterOverlap",
  endsOnService: false,
};
const overlap = {
  previousKeyId: "key-1",
  previousSecret: "a secret of the first key",
  previousValidUntil: "2027-04-09T00:00:00Z",
  previousKey,
};
const unused = {
  ...overlap,
  previousValidUntil: "2027-05-02T00:00:00Z",
  previousKey: { ...previousKey, retire: "whenUnused" as const },
};

type Record_ = Partial<Record<keyof RotatingOutputs, unknown>>;

function ringOf(outs: Record_): KeyRing {
  const given = Object.entries({ ...outputs, ...outs }).filter(([, value]) => value !== undefined);
  return fromOutputs(Object.fromEntries(given) as unknown as RotatingOutputs);
}

function aimOf(news: Partial<RotatingInputs>, now: string, abilities: Partial<Capabilities> = {}): Aim {
  const request = { status: "active", generation: 2, issuedOn: outputs.issuedOn, rotationReason: "" };
  const wanted = { ...given, ...request, ...news } as RotatingInputs;
  const schedule = new Schedule(wanted, facts(abilities));
  return { wanted, facts: facts(abilities), schedule, nowMs: Date.parse(now) };
}

const done = { kind: "done" } as const;
const record = (...names: string[]) => ({ kind: "record", names }) as const;
const look = (more: object = {}) => ({ kind: "look", need: "retire", ...more }) as const;
/** The current key is read before a successor comes by itself: somebody may have disabled it. */
const lookBefore = ({ issue }: { readonly issue: object }) => look({ need: "issue", issue });
const issue = (reason: string, more: object = {}) =>
  ({ kind: "issue", issue: { reason, emergency: false, currentIsDead: false, ...more } }) as const;
type Expected = Partial<Step> | ReturnType<typeof record>;

describe("What a rotating key needs first", () => {
  test.each<[string, Record_, Partial<RotatingInputs>, string, Expected]>([
    ["nothing, within its time", {}, {}, "2027-05-01T00:00:00Z", done],
    ["nothing, while an overlap runs", overlap, {}, "2027-04-08T23:59:59Z", done],
    ["a retire, when it is over", overlap, {}, "2027-04-09T00:00:00Z", look()],
    ["a question, once a day", unused, {}, "2027-04-09T10:00:00Z", look({ need: "use" })],
    [
      "no question where it makes way in any case",
      unused,
      { scopes: ["read:alerts"] },
      "2027-04-09T10:00:00Z",
      lookBefore(issue("scopes changed: +read:alerts -read:checks")),
    ],
    ["no second question on that day", { ...unused, retireAskedOn: "2027-04-09" }, {}, "2027-04-09T20:00:00Z", done],
    ["a retire at the hard stop", { ...unused, retireAskedOn: "2027-05-02" }, {}, "2027-05-02T00:00:00Z", look()],
    ["a key, by its age", {}, {}, "2027-06-30T00:00:00Z", lookBefore(issue("due: age 90 d of 90 d"))],
    [
      "a key by the age that was done, whatever number the request has",
      {},
      { generation: 7, rotationReason: "due: age 90 d of 90 d" },
      "2027-05-01T00:00:00Z",
      done,
    ],
    [
      "no key by the clock inside an overlap",
      { ...overlap, previousValidUntil: "2027-08-01T00:00:00Z" },
      {},
      "2027-07-10T00:00:00Z",
      done,
    ],
    [
      "a key inside an overlap where the current one has expired",
      { ...overlap, previousValidUntil: "2027-08-01T00:00:00Z", expiresAt: "2027-07-01T00:00:00Z" },
      {},
      "2027-07-10T00:00:00Z",
      issue("expired 9 d ago", { currentIsDead: true }),
    ],
    [
      "a key before an end that the service has set",
      { expiresAt: "2027-05-01T10:00:00Z", expiryImposed: true },
      {},
      "2027-04-24T10:00:00Z",
      lookBefore(issue("expires in 7 d")),
    ],
    [
      "the first key, where none could be made yet",
      { keyId: undefined, secret: undefined, physicalName: undefined, status: "missing" },
      {},
      "2027-05-01T00:00:00Z",
      issue("first issue", { currentIsDead: true }),
    ],
    [
      "a key for other scopes",
      {},
      { scopes: ["read:alerts"] },
      "2027-05-01T00:00:00Z",
      lookBefore(issue("scopes changed: +read:alerts -read:checks")),
    ],
    [
      "a key for other keepers",
      { keepers: { a: "1" } },
      { keepers: { a: "2" } },
      "2027-05-01T00:00:00Z",
      lookBefore(issue("keepers changed: a")),
    ],
    [
      "no key for what was done already",
      { scopes: ["read:alerts"], keepers: { a: "2" }, emergency: "INC-1" },
      { scopes: ["read:alerts"], keepers: { a: "2" }, emergency: "INC-1" },
      "2027-05-01T00:00:00Z",
      done,
    ],
    [
      "a key in an emergency",
      { emergency: "INC-1" },
      { emergency: "INC-2" },
      "2027-05-01T00:00:00Z",
      issue("emergency: INC-2", { emergency: true }),
    ],
    [
      "a record without an emergency that was taken out",
      { emergency: "INC-1" },
      {},
      "2027-05-01T00:00:00Z",
      record("emergency"),
    ],
    [
      "a key instead of a revoked one",
      { status: "revoked" },
      {},
      "2027-05-01T00:00:00Z",
      issue("revoked on the service", { currentIsDead: true }),
    ],
    [
      "a look at a disabled one before another comes: it may be enabled by now",
      { status: "disabled" },
      { onDisabled: "replace" },
      "2027-05-01T00:00:00Z",
      look({ issue: { reason: "disabled on the service", emergency: false, currentIsDead: true } }),
    ],
    ["nothing, for a key that somebody has disabled", { status: "disabled" }, {}, "2027-05-01T00:00:00Z", done],
    [
      "a look at a disabled one when its time has come: it may be enabled by now",
      { status: "disabled" },
      {},
      "2027-07-01T00:00:00Z",
      look({ need: "issue" }),
    ],
    [
      "nothing that the clock asks for, where the program ignores changes of the request",
      {},
      { status: "frozen" },
      "2027-07-01T00:00:00Z",
      done,
    ],
    [
      "a key for other scopes instead of an expired one",
      { expiresAt: "2027-04-30T00:00:00Z" },
      { scopes: ["read:alerts"] },
      "2027-05-01T00:00:00Z",
      issue("scopes changed: +read:alerts -read:checks", { currentIsDead: true }),
    ],
    [
      "a key in preview, while its scopes are not known",
      {},
      { scopes: [unknownValue] },
      "2027-05-01T00:00:00Z",
      lookBefore(issue("inputs not known yet")),
    ],
    [
      "another schedule in the record",
      { overlap: "7d" },
      { overlap: "9d", rotateEvery: "80d", jitter: "1d" },
      "2027-05-01T00:00:00Z",
      record("rotateEvery", "overlap", "jitter"),
    ],
    [
      "other words in the record",
      {},
      { name: "exporter", description: "nightly", labels: { owner: "team-a" } },
      "2027-05-01T00:00:00Z",
      record("name", "description", "labels"),
    ],
    ["nothing, for a consent", {}, { fullAccess: true, allowOutage: true }, "2027-05-01T00:00:00Z", done],
    [
      "what waits to be revoked",
      { pendingRevocations: [{ keyId: "key-1", physicalName: "export-9876543210", end: "2027-04-01T00:00:00Z" }] },
      {},
      "2027-05-01T00:00:00Z",
      look(),
    ],
    ["a look for what may have been made", { lostCreates: ["export-9876543210"] }, {}, "2027-05-01T00:00:00Z", look()],
    [
      "nothing, for a key that is left alone",
      { strayKeys: [{ keyId: "key-1", physicalName: "export-9876543210" }] },
      {},
      "2027-05-01T00:00:00Z",
      done,
    ],
  ])("%s", (_name, outs, news, now, { names, ...expected }: Expected & { readonly names?: readonly string[] }) => {
    const ring = ringOf(outs);
    const aim = aimOf(news, now);
    const frozen = news.status === "frozen";
    expect(nextStep({ ring, seen: nothingSeen, aim: { ...aim, frozen } })).toMatchObject(expected);
    if (names) expect(recordChanges(ring.record, aim)).toEqual(names);
  });

  test.each<[string, Record_, Partial<RotatingInputs>]>([
    ["environment", { environment: "live" }, { environment: "test" }],
    ["serviceAccountId", { serviceAccountId: "a-1" }, { serviceAccountId: unknownValue }],
    ["connection", {}, { connection: "other" }],
  ])("another identity, for another %s", (field, outs, news) => {
    expect(replacements(ringOf(outs).record, aimOf(news, "2027-05-01T00:00:00Z"))).toEqual([field]);
  });

  test("the end of the previous key on the service, where that can be set and is not", () => {
    const abilities = { delayedRevoke: true };
    const aim = aimOf({}, "2027-04-05T00:00:00Z", abilities);
    expect(nextStep({ ring: ringOf(overlap), seen: nothingSeen, aim }).kind).toBe("setEnd");
    const set = { ...overlap, previousKey: { ...previousKey, endsOnService: true } };
    expect(nextStep({ ring: ringOf(set), seen: nothingSeen, aim })).toEqual(done);
  });

  test("no question about the older secret of the current key", () => {
    const older = { ...unused.previousKey, keyId: "key-2", endsOnService: true };
    const ring = ringOf({ ...unused, previousKeyId: "key-2", previousKey: older });
    expect(nextStep({ ring, seen: nothingSeen, aim: aimOf({}, "2027-04-20T00:00:00Z") })).toEqual(done);
  });
});

/** A moment inside an update: what was done so far, and what must follow. */
interface Moment {
  readonly outs?: Record_;
  readonly news?: Partial<RotatingInputs>;
  readonly seen?: Partial<Seen>;
  readonly can?: Partial<Capabilities>;
  readonly condemned?: boolean;
  readonly now?: string;
}

const works = { current: "works" } as const;
const waiting = { pendingRevocations: [{ keyId: "key-0", physicalName: "export-0000000000", end: outputs.issuedOn }] };
const lost = { lostCreates: ["export-1111111111"] };
const other = { scopes: ["read:alerts"] };
const dueIssueOf = { reason: "scopes changed", emergency: false, currentIsDead: false };
const oneKey = { maxActiveKeys: 1, nativeRotate: { id: "same", maxGraceMs: 86_400_000, graceChosen: true } } as const;

describe("The order of an update", () => {
  test.each<[string, Moment, Partial<Step>]>([
    // Before any revoke the current key is read.
    ["reads the current key before it revokes a waiting one", { outs: waiting }, { kind: "look" }],
    ["reads the current key before it looks for lost ones", { outs: lost }, { kind: "look" }],
    ["reads the current key before it ends an overlap", { outs: overlap }, { kind: "look" }],
    [
      "reads the current key before it makes room",
      { outs: { ...overlap, ...until("2027-08-01") }, news: other, can: { maxActiveKeys: 2 } },
      { kind: "look" },
    ],
    ["reads the current key before another comes by itself", { news: other }, { kind: "look", need: "issue" }],
    ["reads nothing in an emergency", { news: { emergency: "INC-1" } }, { kind: "issue" }],
    [
      "issues nothing by the clock for a key that was found disabled",
      { outs: { status: "disabled" }, seen: { current: "broken" }, now: "2027-07-05T00:00:00Z" },
      { kind: "done" },
    ],
    ["issues where the current key could not be read", { news: other, seen: { current: "unread" } }, { kind: "issue" }],
    [
      "revokes nothing where the current key cannot be read",
      { outs: { ...overlap, ...waiting }, seen: { current: "unread" } },
      { kind: "done" },
    ],
    // Waiting keys first of all, then the previous one.
    [
      "looks for lost keys first of all",
      { outs: { ...overlap, ...waiting, ...lost }, seen: works },
      { kind: "search" },
    ],
    [
      "then revokes what waits",
      { outs: { ...overlap, ...waiting, ...lost }, seen: { ...works, searched: true } },
      { kind: "revoke", why: "waiting" },
    ],
    [
      "then ends what is over",
      { outs: { ...overlap, ...waiting }, seen: { ...works, refused: new Set(["key-0"]) } },
      { kind: "revoke", why: "over" },
    ],
    ["then asks for its use", { outs: unused, seen: works, now: "2027-04-20T00:00:00Z" }, { kind: "ask" }],
    [
      "and ends what is not in use",
      { outs: unused, seen: { ...works, asked: true, unused: "never used; retired" }, now: "2027-04-20T00:00:00Z" },
      { kind: "revoke", why: "unused" },
    ],
    [
      "forgets what the service has ended by itself, without a request",
      { outs: { ...overlap, previousKey: { ...previousKey, endsOnService: true } } },
      { kind: "forget" },
    ],
    [
      "asks for no key twice in an update",
      { outs: waiting, seen: { ...works, refused: new Set(["key-0"]) } },
      { kind: "done" },
    ],
    // Issuing precedes revoking.
    [
      "issues before it revokes, where the current key is broken",
      { outs: { ...overlap, ...waiting }, seen: { current: "broken", repair: { ...dueIssueOf, currentIsDead: true } } },
      { kind: "issue" },
    ],
    [
      "issues before it revokes, where the current key is dead by its record",
      { outs: { ...waiting, status: "revoked" } },
      { kind: "issue" },
    ],
    [
      "ends an overlap that is over before it issues",
      { outs: overlap, news: other, seen: works },
      { kind: "revoke", why: "over" },
    ],
    [
      "issues although that could not be done",
      { outs: overlap, news: other, seen: { ...works, refused: new Set(["key-1"]), problems: ["no"] } },
      { kind: "issue" },
    ],
    [
      "issues a due key that waited for an overlap",
      { outs: {}, seen: { ...works, asked: true }, now: "2027-07-05T00:00:00Z" },
      { kind: "issue" },
    ],
    [
      "unless something of that overlap is left",
      { outs: {}, seen: { ...works, asked: true, problems: ["no"] }, now: "2027-07-05T00:00:00Z" },
      { kind: "done" },
    ],
    ["issues once", { news: other, seen: { ...works, issued: dueIssueOf } }, { kind: "done" }],
    [
      "then waits until the new key works",
      { condemned: true, seen: { ...works, issued: dueIssueOf }, can: { activationLagMs: 2_000 } },
      { kind: "wait", ms: 2_000 },
    ],
    [
      "then revokes what lost its power",
      { condemned: true, seen: { ...works, issued: dueIssueOf, waited: true }, can: { activationLagMs: 2_000 } },
      { kind: "revoke", why: "condemned" },
    ],
    [
      "and sets the end of the previous key last",
      {
        outs: { ...overlap, ...until("2027-08-01") },
        seen: { ...works, issued: dueIssueOf },
        can: { delayedRevoke: true },
      },
      { kind: "setEnd" },
    ],
    // The vendor's limit of keys.
    [
      "makes room with the previous key, once the current one works",
      { outs: { ...overlap, ...until("2027-08-01") }, news: other, seen: works, can: { maxActiveKeys: 2 } },
      { kind: "revoke", why: "room" },
    ],
    [
      "makes room with waiting keys alone, where the current one does not work",
      {
        outs: { ...overlap, ...waiting },
        seen: { current: "broken", repair: { ...dueIssueOf, currentIsDead: true } },
        can: { maxActiveKeys: 2 },
      },
      { kind: "revoke", why: "waiting", room: true },
    ],
    [
      "fails where there is no room",
      {
        outs: { ...overlap, ...until("2027-08-01") },
        news: other,
        seen: { ...works, refused: new Set(["key-1"]) },
        can: { maxActiveKeys: 2 },
      },
      { kind: "fail", words: "fake allows 2 keys, so no new one was made." },
    ],
    ["rotates where an account keeps one key", { news: other, seen: works, can: oneKey }, { kind: "rotate" }],
    [
      "never within the grace of a rotation whose answer was lost",
      { outs: { rotateBlockedUntil: "2027-05-02T00:00:00Z" }, news: other, seen: works, can: oneKey },
      { kind: "fail" },
    ],
    [
      "asks whether a revoked one is there before it rotates that",
      { outs: { status: "revoked" }, can: oneKey },
      { kind: "probe" },
    ],
    [
      "issues where it is not",
      { outs: { status: "revoked" }, seen: { stillThere: false }, can: oneKey },
      { kind: "issue" },
    ],
    // Emergencies, changes, the record.
    [
      "addresses waiting keys in an emergency whatever they carry",
      {
        outs: { pendingRevocations: [{ ...waiting.pendingRevocations[0], secretVersion: "v1" }] },
        news: { emergency: "INC-1" },
      },
      { kind: "condemn" },
    ],
    [
      "changes the current key in place",
      { news: { name: "other" }, can: { rename: true } },
      { kind: "change", changes: { name: "other-0123456789" } },
    ],
    [
      "then the record",
      { news: { name: "other" }, seen: { changed: "done" }, can: { rename: true } },
      { kind: "record" },
    ],
    ["ends where a key could not be issued", { news: other, seen: { failure: "no." } }, { kind: "fail", words: "no." }],
  ])(
    "%s",
    (
      _title,
      { outs = {}, news = {}, seen = {}, can = {}, condemned = false, now = "2027-05-01T00:00:00Z" },
      expected,
    ) => {
      const ring = {
        ...ringOf(outs),
        ...(condemned && { condemned: [{ keyId: "key-1", physicalName: "export-9876543210" }] }),
      };
      expect(nextStep({ ring, seen: { ...nothingSeen, ...seen }, aim: aimOf(news, now, can) })).toMatchObject(expected);
    },
  );
});

function until(day: string): Record_ {
  return { previousValidUntil: `${day}T00:00:00Z`, previousKey: { ...previousKey, retireAfter: `${day}T00:00:00Z` } };
}
