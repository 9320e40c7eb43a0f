/** How the answer to a step changes the ring and what the update has seen. Pure. */
import type { ApiKey, IssuedApiKey } from "../../backends/definition";
import type { AmbiguousCreateError } from "../../errors";
import { formatTime } from "../../values/times";
import type { Observation } from "../key/key-on-service";
import type { Issue } from "./due-issue";
import { isEnabledAgain, staysDisabled } from "../disabled";
import { withInputs } from "./in-place";
import {
  awaiting,
  changed,
  type Credential,
  currentOf,
  foundAgain,
  type KeyRing,
  leftAlone,
  leftBehind,
  whateverItCarries,
  withoutPrevious,
} from "./key-ring";
import { mayCarryAnotherSecret, type Step } from "./next-step";
import { dayOf, isDead, isGone } from "./request";
import { revoked } from "./revocation";
import { type Progress, type Seen, withProblem } from "./seen";
import { succeeded, type Succession } from "./succession";
import { withServerEnd } from "./server-end";
import { judgeUse } from "./use";
import * as words from "./words";

/** An answer, or why there is none. */
export type Told<Value> = { readonly value: Value } | { readonly problem: string };

/** The possible answers to each step that asks the service. */
export interface Outcomes {
  readonly look: Told<Observation>;
  readonly probe: Told<Observation>;
  readonly search: Told<readonly Credential[]>;
  readonly ask: Told<ApiKey | undefined>;
  readonly revoke: Told<"gone" | "leftAlone"> & { readonly lastUse?: string | undefined };
  /** `askedEnd`: the requested end · `left`: a key that can do less than the current one and could not be revoked · `tookOver`: the connection ran on its predecessor. */
  readonly issue: Told<IssuedApiKey> & {
    readonly askedEnd?: string | undefined;
    readonly unclear?: AmbiguousCreateError | undefined;
    readonly left?: Credential | undefined;
    readonly tookOver?: boolean;
  };
  readonly rotate: Told<IssuedApiKey> & { readonly blockedUntil?: string | undefined };
  readonly wait: Told<undefined>;
  readonly enable: Told<Observation>;
  /** `observed`: the key after a change that failed. */
  readonly change: Told<ApiKey | undefined> & { readonly observed?: Observation | undefined };
  readonly setEnd: Told<ApiKey | undefined> & { readonly observed?: Observation | undefined };
}

export type ServiceStep = Extract<Step, { readonly kind: keyof Outcomes }>;
type StepOf<Kind extends ServiceStep["kind"]> = Extract<ServiceStep, { readonly kind: Kind }>;

/** What a step changes. */
export type Change = Pick<Progress, "ring" | "seen">;

/** An update with the answer to its last step. */
export interface Answered<Kind extends ServiceStep["kind"]> extends Progress {
  readonly step: StepOf<Kind>;
  readonly outcome: Outcomes[Kind];
}

type Apply<Kind extends ServiceStep["kind"]> = (answered: Answered<Kind>) => Change;

const appliers: { readonly [Kind in ServiceStep["kind"]]: Apply<Kind> } = {
  look: looked,
  probe: (answered) => {
    const { ring, seen, aim, outcome } = answered;
    if ("problem" in outcome) return { ring, seen: { ...seen, failure: outcome.problem } };
    const there = { ring, aim, seen: { ...seen, stillThere: !isGone(outcome.value.status) } };
    return cutShort(there, outcome.value) ?? { ring, seen: there.seen };
  },
  search: ({ ring, seen, aim, outcome, step: { room } }) => {
    const searched = { ...seen, searched: true, makesRoom: seen.makesRoom || room };
    return "value" in outcome
      ? { ring: foundAgain(ring, outcome.value, formatTime(aim.nowMs)), seen: searched }
      : { ring, seen: withProblem(searched, words.problems.search(ring.lost, outcome.problem), room) };
  },
  ask: asked,
  revoke: revoked,
  issue: (answered) => {
    const { outcome, step } = answered;
    return "value" in outcome
      ? succession(answered, { ...outcome, issued: outcome.value, issue: step.issue, inPlace: false })
      : { ring: withLeft(answered, outcome), seen: { ...answered.seen, failure: outcome.problem } };
  },
  rotate: (answered) => {
    const { ring, seen, outcome, step } = answered;
    if ("value" in outcome) {
      const { issue, keepPrevious } = step;
      return succession(answered, { issued: outcome.value, issue, inPlace: true, keepPrevious });
    }
    const { blockedUntil } = outcome;
    return {
      ring: blockedUntil === undefined ? ring : changed(ring, { rotateBlockedUntil: blockedUntil }),
      seen: { ...seen, failure: outcome.problem },
    };
  },
  wait: ({ ring, seen }) => ({ ring, seen: { ...seen, waited: true } }),
  enable: (answered) => {
    const { ring, seen, outcome } = answered;
    if ("problem" in outcome) return { ring, seen: withProblem({ ...seen, current: "broken" }, outcome.problem) };
    const { status } = outcome.value;
    // Somebody has ended it meanwhile: a new key is issued, as for every key that does not work.
    if (status !== "active") return broken(answered, outcome.value);
    return { ring: changed(ring, { status }), seen: { ...seen, current: "works" } };
  },
  change: (answered) => {
    const { ring, seen, outcome } = answered;
    const { key, changes } = answered.step;
    if ("value" in outcome)
      return {
        ring: changes.name === undefined ? ring : changed(ring, { physicalName: changes.name }),
        seen: { ...seen, changed: "done" },
      };
    const failed: Seen = { ...seen, changed: "failed" };
    return outcome.observed && outcome.observed.status !== "active"
      ? broken({ ...answered, seen: failed }, outcome.observed)
      : { ring, seen: withProblem(failed, words.problems.change(key.keyId, outcome.problem)) };
  },
  setEnd: ({ ring, seen, outcome, step: { key: previous } }) => {
    const tried = { ...seen, endTried: true };
    if ("value" in outcome)
      return { ring: { ...ring, previous: withServerEnd(previous, outcome.value?.expiresAt) }, seen: tried };
    // Somebody may have revoked it. Then it has no end to set, and must not be reported as valid.
    return outcome.observed && isGone(outcome.observed.status)
      ? { ring: withoutPrevious(ring, words.goneWords(outcome.observed.status)), seen: tried }
      : { ring, seen: withProblem(tried, words.problems.setEnd(previous.keyId, outcome.problem)) };
  },
};

/** The ring with what a failed issue left on the service. */
function withLeft({ ring, aim }: Progress, { unclear, left }: Outcomes["issue"]): KeyRing {
  const now = formatTime(aim.nowMs);
  if (unclear) return leftBehind(ring, unclear, now);
  return left ? awaiting(ring, left, now) : ring;
}

/** The answer to a step that asks the service. */
export function afterOutcome<Kind extends ServiceStep["kind"]>(
  progress: Progress,
  step: StepOf<Kind>,
  outcome: Outcomes[Kind],
): Progress {
  const apply: Apply<Kind> = appliers[step.kind];
  return { ...progress, ...apply({ ...progress, outcome, step }) };
}

/** The steps that send nothing. */
export function settled(progress: Progress, { kind }: Extract<Step, { kind: "condemn" | "forget" }>): Progress {
  const { ring, seen } = progress;
  if (kind === "condemn") return { ...progress, ring: { ...ring, waiting: ring.waiting.map(whateverItCarries) } };
  const status = `${words.retiredReason} (on the service)`;
  return { ...progress, ring: withoutPrevious(ring, status), seen: { ...seen, retired: true } };
}

/** The record at the end of an update, even if other work failed. */
export function concluded({ ring, seen, aim }: Progress): KeyRing {
  const { rotationReason } = ring.record;
  const crowd = ring.waiting.length > (ring.previous ? 0 : 1);
  const reason = seen.issued
    ? `${rotationReason}${crowd ? `; ${words.stillWaiting(ring.waiting.length)}` : ""}`
    : seen.retired
      ? words.retiredReason
      : rotationReason;
  return changed(withInputs(ring, aim, seen.issued !== undefined || seen.changed !== "failed"), {
    rotationReason: reason,
    service: aim.facts.origin,
  });
}

function looked(answered: Answered<"look">): Change {
  const { ring, seen, outcome } = answered;
  const { issue, need, key } = answered.step;
  if ("value" in outcome) {
    const { status, key: found } = outcome.value;
    if (status !== "active") return cutShort(answered, outcome.value, issue) ?? broken(answered, outcome.value, issue);
    const lastUsed = found?.lastUsedAt === undefined ? {} : { lastUsedAt: found.lastUsedAt };
    return { ring: changed(ring, { status }), seen: { ...seen, current: "works", ...lastUsed } };
  }
  const unread: Seen = { ...seen, current: "unread" };
  if (issue?.currentIsDead)
    return { ring: mayCarryAnotherSecret(answered) ? leftAlone(ring, key) : ring, seen: unread };
  if (need === "issue") return { ring, seen: unread };
  // The update does not fail because of a failed question.
  return need === "use"
    ? { ring: deferred(answered, outcome.problem), seen: unread }
    : { ring, seen: withProblem(unread, words.problems.unread(outcome.problem)) };
}

/**
 * The change if the service rotated the key but the answer was lost: its new secret is unknown, and the recorded one
 * works until the grace ends. Undefined if the service does not show that.
 */
function cutShort({ ring, seen, aim }: Progress, { key }: Observation, planned?: Issue): Change | undefined {
  const current = currentOf(ring);
  const isOurs = key?.previousVersion !== undefined && key.previousVersion === current?.secretVersion;
  const until = isOurs ? key.previousValidUntil : undefined;
  if (until === undefined || Date.parse(until) <= aim.nowMs) return undefined;
  const isOver = (older: Credential) => older.keyId === key?.id;
  const left = { ...ring, waiting: ring.waiting.filter((older) => !isOver(older)) };
  const reason = planned ? `${planned.reason}; ${words.cutShort}` : words.cutShort;
  return {
    ring: left.previous && isOver(left.previous) ? withoutPrevious(left) : left,
    seen: {
      ...seen,
      current: "works",
      recordedWorksUntil: until,
      repair: { reason, emergency: planned?.emergency ?? false, currentIsDead: false },
    },
  };
}

/** The current key does not work: whatever was planned, a new one is issued. */
function broken({ ring, seen, aim }: Progress, { status, key }: Observation, planned?: Issue): Change {
  const { facts, wanted } = aim;
  const isLeft = staysDisabled(status, wanted) || isEnabledAgain(status, wanted);
  if (isLeft && planned?.emergency !== true)
    return { ring: changed(ring, { status }), seen: { ...seen, current: "broken" } };
  const why = words.statusReason(status) ?? "not active";
  const repair = {
    reason: planned && planned.reason !== why ? `${planned.reason}; ${why}` : why,
    emergency: planned?.emergency ?? false,
    currentIsDead: isDead(status),
  };
  const current = currentOf(ring);
  // It counts as revoked because it has another secret, but it lives: remember it.
  const lives = status === "revoked" && key?.status === "active" && facts.capabilities.maxActiveKeys !== 1;
  return {
    ring: changed(lives && current ? leftAlone(ring, current) : ring, { status }),
    seen: { ...seen, current: "broken", repair },
  };
}

function asked(answered: Answered<"ask">): Change {
  const { ring, seen, aim, outcome } = answered;
  if ("problem" in outcome) return { ring: deferred(answered, outcome.problem), seen: { ...seen, asked: true } };
  const use = { currentLastUsedAt: seen.lastUsedAt, previousLastUsedAt: outcome.value?.lastUsedAt };
  const { retire, status } = outcome.value ? judgeUse(use, aim) : { retire: true, status: "gone from the service" };
  return {
    ring: changed(ring, { retireAskedOn: dayOf(aim.nowMs), retireStatus: status }),
    seen: { ...seen, asked: true, ...(retire && { unused: status }) },
  };
}

/** The ring if it is unclear today whether the previous key is in use. */
function deferred({ ring, aim }: Progress, problem: string): KeyRing {
  return changed(ring, { retireAskedOn: dayOf(aim.nowMs), retireStatus: words.useUnknown(problem) });
}

function succession(progress: Progress, come: Succession): Change {
  const { seen } = progress;
  const { repair: _repair, lastUsedAt: _used, recordedWorksUntil: _until, ...rest } = seen;
  const { issue } = come;
  const next = succeeded(progress, come);
  // The connection's settings still name the old key, so only the next update revokes it.
  const left = come.tookOver === true && !issue.emergency ? next.waiting : [];
  return {
    ring: issue.emergency ? changed(next, { retireStatus: words.emergencyStatus([]) }) : next,
    // Now comes the work that had to wait for a working key.
    seen: {
      ...rest,
      refused: new Set([...seen.refused, ...left.map(({ keyId }) => keyId)]),
      current: "works",
      issued: issue,
      searched: seen.current === "works" && seen.searched,
    },
  };
}
