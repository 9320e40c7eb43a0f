import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { IssuedApiKey } from "../../../../../provider/backends/definition";
import type { Connection } from "../../../../../provider/connections/connections";
import type { Aim } from "../../../../../provider/resources/rotation/due-issue";
import {
  currentOf,
  fromOutputs,
  type KeyRing,
  type RotatingOutputs,
} from "../../../../../provider/resources/rotation/key-ring";
import { nextStep, type Step } from "../../../../../provider/resources/rotation/next-step";
import {
  afterOutcome,
  concluded,
  type Outcomes,
  type ServiceStep,
  settled,
} from "../../../../../provider/resources/rotation/outcome";
import { nothingSeen, type Progress } from "../../../../../provider/resources/rotation/seen";
import { formatTime } from "../../../../../provider/values/times";
import { today } from "../../support/fake-service";
import { anyAim, anyOutputs } from "../../support/rings";
import { seed } from "../../../../support/seed";

const numRuns = Number(process.env.APIKEYS_RUNS ?? 1_000);

/** How each answer of a service turns out: from a list that is long enough for every update. */
const luck = fc.array(fc.nat({ max: 5 }), { minLength: 60, maxLength: 60 });
type Scene = readonly [RotatingOutputs, Aim & { readonly facts: Connection }, readonly number[]];
const anyScene: fc.Arbitrary<Scene> = fc.tuple(anyOutputs, anyAim, luck);

const problem = { problem: "the service is down." };

/** The answers that some service could give to a step. */
const answers: {
  readonly [Kind in ServiceStep["kind"]]: (chance: number, step: ServiceStep & { kind: Kind }) => Outcomes[Kind];
} = {
  look: found,
  probe: found,
  search: (chance) => ({ value: chance > 2 ? [{ keyId: "key-found", physicalName: "export-1111012345" }] : [] }),
  ask: (chance) => ({
    value:
      chance > 3
        ? undefined
        : { id: "key", name: "export", status: "active", ...(chance > 0 && { lastUsedAt: usedAt(chance) }) },
  }),
  revoke: (chance) => ({ value: chance === 4 ? "leftAlone" : "gone" }),
  issue: () => ({ value: issued("key-new") }),
  rotate: (_chance, { key }) => ({ value: issued(key.keyId) }),
  wait: () => ({ value: undefined }),
  enable: (chance) => (chance > 2 ? problem : { value: { status: "active" } }),
  change: () => ({ value: undefined }),
  setEnd: () => ({ value: undefined }),
};

function found(chance: number): Outcomes["look"] {
  const status = (["active", "active", "active", "revoked", "disabled"] as const)[chance];
  if (!status) return { value: { status: "missing" } };
  return { value: { status, key: { id: "key", name: "export", status, lastUsedAt: usedAt(chance) } } };
}

function usedAt(chance: number): string {
  return formatTime(today - chance * 86_400_000);
}

function issued(id: string): IssuedApiKey {
  return { id, name: "export-6666012345", status: "active", secret: "a secret of the new key" };
}

function answer(step: ServiceStep, chance: number): Outcomes[ServiceStep["kind"]] {
  if (chance === 5 && step.kind !== "wait")
    return { ...problem, ...(step.kind === "change" && { observed: { status: "missing" } }) };
  const give = answers[step.kind] as (chance: number, step: ServiceStep) => Outcomes[ServiceStep["kind"]];
  return give(chance, step);
}

interface Walk {
  readonly steps: readonly { readonly step: Step; readonly ring: KeyRing; readonly failed: boolean }[];
  readonly start: KeyRing;
  readonly end: KeyRing;
}

/** A whole update against a service of that luck; ends with `undefined` where it never does. */
function walk([outs, aim, chances]: Scene): Walk {
  const start = fromOutputs(outs);
  let progress: Progress = { ring: start, seen: nothingSeen, aim };
  const steps: { step: Step; ring: KeyRing; failed: boolean }[] = [];
  for (const chance of chances) {
    const { ring, seen } = progress;
    const step = nextStep(progress);
    if (step.kind === "done" || step.kind === "record" || step.kind === "fail") {
      steps.push({ step, ring, failed: false });
      return { steps, start, end: step.kind === "fail" ? ring : concluded(progress) };
    }
    if (step.kind === "forget" || step.kind === "condemn") {
      progress = settled(progress, step);
      steps.push({ step, ring, failed: false });
      continue;
    }
    // Once per update is enough: a key that could not be revoked is not asked for again.
    const isRefused = step.kind === "revoke" && seen.refused.has(step.key.keyId);
    const outcome = isRefused ? problem : answer(step, chance);
    steps.push({ step, ring, failed: "problem" in outcome });
    progress = afterOutcome(progress, step, outcome as never);
  }
  throw new Error(`no end after ${chances.length} steps: ${steps.map(({ step }) => step.kind).join(", ")}`);
}

/** Checks a rule on every walk; every rule has to have had something to judge. */
function holds(judge: (walk: Walk, scene: Scene) => number): void {
  let judged = 0;
  fc.assert(
    fc.property(anyScene, (scene) => {
      judged += judge(walk(scene), scene);
    }),
    { seed, numRuns },
  );
  expect(judged).toBeGreaterThan(30);
}

const isIssued = ({ step, failed }: Walk["steps"][number]) =>
  (step.kind === "issue" || step.kind === "rotate") && !failed;

describe(`In every update, whatever the state and the service (APIKEYS_SEED=${seed})`, () => {
  test("there is an end, and at most one new key", () => {
    holds(({ steps }) => {
      expect(steps.filter(isIssued).length).toBeLessThanOrEqual(1);
      return steps.length;
    });
  });

  test("no key is revoked before the current one was seen to work or has a successor; waiting ones only to make room", () => {
    holds(({ steps }, [, { facts }]) => {
      const revokes = steps.map(({ step }, index) => ({ step, before: steps.slice(0, index) }));
      return revokes.filter(({ step, before }) => {
        if (step.kind !== "revoke") return false;
        const isSafe = before.some((earlier) => isIssued(earlier) || (earlier.step.kind === "look" && !earlier.failed));
        if (!isSafe) {
          expect(step).toMatchObject({ why: "waiting", room: true });
          expect(facts.capabilities.maxActiveKeys).toBeDefined();
        }
        return true;
      }).length;
    });
  });

  test("the current key is never revoked before its successor was issued, and the new one never", () => {
    holds(({ steps, start }) => {
      const old = currentOf(start)?.keyId;
      let issued = false;
      return steps.filter((entry) => {
        const { step, ring } = entry;
        if (step.kind === "revoke" && step.why !== "waiting") {
          if (step.key.keyId === old) expect(issued || ring.previous?.keyId === old).toBe(true);
          // Under the id of a key that was rotated natively only its older secret is meant.
          if (issued && step.key.keyId === currentOf(ring)?.keyId) expect(step.key.keyId).toBe(old);
        }
        issued ||= isIssued(entry);
        return step.kind === "revoke";
      }).length;
    });
  });

  test("the previous key is revoked early for a successor, for a lack of room, or because it is not in use; never else", () => {
    holds(({ steps, start }, [, { nowMs }]) => {
      const runs = start.previous && Date.parse(start.previous.until) > nowMs;
      return steps.filter(({ step }, index) => {
        if (!runs || step.kind !== "revoke" || step.key.keyId !== start.previous?.keyId) return false;
        if (step.why === "unused")
          expect(steps.slice(0, index).some(({ step: { kind } }) => kind === "ask")).toBe(true);
        else expect(["condemned", "room"]).toContain(step.why);
        return true;
      }).length;
    });
  });

  test("what could not be revoked stays recorded, and nothing is asked twice", () => {
    holds(({ steps, end }) => {
      const revokes = steps.filter(({ step }) => step.kind === "revoke");
      const refused = revokes
        .filter(({ failed }) => failed)
        .map(({ step }) => (step as { key: { keyId: string } }).key.keyId);
      const kept = [...end.waiting, ...(end.previous ? [end.previous] : []), ...end.condemned].map(
        ({ keyId }) => keyId,
      );
      const isRotated = steps.some((entry) => isIssued(entry) && entry.step.kind === "rotate");
      for (const keyId of refused) if (!(isRotated && keyId === end.record.keyId)) expect(kept).toContain(keyId);
      for (const kind of ["look", "probe", "ask", "change", "setEnd", "wait"])
        expect(steps.filter(({ step }) => step.kind === kind).length).toBeLessThanOrEqual(1);
      return refused.length;
    });
  });

  test("a second one, after an update on a service that is well, finds nothing to do", () => {
    holds((_walk, [outs, aim]) => {
      const well = walk([outs, aim, Array<number>(60).fill(0)]);
      const last = well.steps.at(-1)?.step.kind;
      if (last === "fail") return 0;
      expect(nextStep({ ring: well.end, seen: nothingSeen, aim })).toEqual({ kind: "done" });
      return 1;
    });
  });
});
