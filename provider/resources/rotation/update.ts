/** An update of a rotating key: step after step, until nothing is left to do. And what a preview can tell of it. */
import type { WritableConnection } from "../../connections/connections";
import { unknownValue } from "../../values/wire";
import { canEnable, disabledWords, enabledWords, isEnabledAgain, staysDisabled } from "../disabled";
import { dealOf, judgeTerms, lessThanAsked } from "../key/given";
import { logicalName } from "../identity/names";
import { type Aim, dueIssue, withNextRotation } from "./due-issue";
import { changesInPlace, withInputs } from "./in-place";
import { changed, fromOutputs, type KeyRing, type RotatingOutputs, toOutputs } from "./key-ring";
import { nextStep, type Step } from "./next-step";
import { afterOutcome, concluded, settled } from "./outcome";
import { perform, type RotationCall } from "./perform";
import { nothingSeen, type Progress, type Seen } from "./seen";
import { emergencyBegins } from "./words";
import { previousTask } from "./use";

/** The result of an update. */
export interface Updated {
  readonly outs: RotatingOutputs;
  /** What could not be done, in sentences. Empty = all is well. */
  readonly problems: readonly string[];
}

/** What an update works with. */
export type UpdateTools = RotationCall["tools"] & {
  readonly warn: (message: string) => void;
  /** Called when the first request is due. It throws if the connection may not write. */
  readonly open: () => WritableConnection;
};

export async function updateRotation(aim: Aim, olds: RotatingOutputs, tools: UpdateTools): Promise<Updated> {
  let progress: Progress = { ring: fromOutputs(olds), seen: nothingSeen, aim };
  for (;;) {
    const { ring, seen } = progress;
    const step = nextStep(progress);
    switch (step.kind) {
      case "fail":
        // The old key is still the current one, with its own scopes, keepers, life and emergency text.
        return { outs: toOutputs(ring), problems: [...seen.problems, step.words] };
      case "record":
      case "done":
        // A preview could not know this: it shows only what the record says.
        if (olds.status !== ring.record.status) tellDisabled(ring.record.status, aim, tools);
        return judged(withNextRotation(toOutputs(concluded(progress)), aim.schedule), seen, { aim, tools });
      case "forget":
      case "condemn":
        progress = settled(progress, step);
        break;
      default:
        if (endsPublishedKey(step, seen)) tools.warn(emergencyBegins(logicalName(aim.wanted.origin)));
        progress = afterOutcome(progress, step, await perform({ ...progress, connection: tools.open(), tools }, step));
    }
  }
}

function tellDisabled(status: string | undefined, { wanted, facts }: Aim, { warn }: UpdateTools): void {
  const what = `the key "${logicalName(wanted.origin)}"`;
  if (staysDisabled(status, wanted)) warn(disabledWords(what, { enables: canEnable("key", facts) }));
  if (isEnabledAgain(status, wanted)) warn(enabledWords(what, "next"));
}

/** An update fails as long as the current key can do less than requested, unless the program accepts that. */
function judged(
  outs: RotatingOutputs,
  { issued, problems }: Seen,
  { aim: { facts, wanted }, tools }: { readonly aim: Aim; readonly tools: UpdateTools },
): Updated {
  const deal = dealOf(outs, { news: wanted, facts });
  const refusal = issued ? judgeTerms(tools, deal) : lessThanAsked(deal);
  return { outs, problems: refusal ? [...problems, refusal.message] : problems };
}

/** The first step of an emergency that ends an older key. */
function endsPublishedKey(step: Step, { issued, told }: Seen): boolean {
  if (step.kind === "rotate") return step.issue.emergency;
  return step.kind === "revoke" && step.why === "condemned" && issued?.emergency === true && told.length === 0;
}

/** Outputs that a new key changes. */
const ofTheKey = [
  ...["status", "keyId", "secret", "accessId", "hint", "fingerprint", "physicalName", "createdAt", "expiresAt"],
  ...["generation", "issuedOn", "rotatedAt", "rotationReason", "nextRotationAt"],
] as const;

/** Outputs that the end of the previous key changes. */
const ofThePrevious = ["previousKeyId", "previousSecret", "previousValidUntil", "retireStatus"] as const;

/** The outputs of a rotating key after an update, as far as they are known without asking its service. Pure. */
export function plannedRotation(olds: RotatingOutputs, aim: Aim): object {
  const before = enabled(fromOutputs(olds), aim);
  const ring = withInputs(before, aim, true);
  const outs = withNextRotation(toOutputs(ring), aim.schedule);
  if (dueIssue(before, aim))
    return unknownAt([...ofTheKey, ...ofThePrevious, "pendingRevocations"], { ...aim.wanted, service: outs.service });
  const renamed = changesInPlace(before.record, aim).name === undefined ? [] : ["physicalName"];
  const ends = previousTask(ring, aim) === "end" ? [...ofThePrevious, "rotationReason"] : [];
  const waits = ring.waiting.length + ring.lost.length > 0 ? ["pendingRevocations"] : [];
  return unknownAt([...renamed, ...ends, ...waits], outs);
}

/** The key as it is after the update has enabled it. */
function enabled(ring: KeyRing, aim: Aim): KeyRing {
  return nextStep({ ring, seen: nothingSeen, aim }).kind === "enable" ? changed(ring, { status: "active" }) : ring;
}

/** The record with these outputs unknown. */
function unknownAt(names: readonly string[], record: object): object {
  return { ...record, ...Object.fromEntries(names.map((name) => [name, unknownValue])) };
}
