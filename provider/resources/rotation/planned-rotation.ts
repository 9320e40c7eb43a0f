/** The outputs of a rotating key after an update, as far as they are known without asking its service. Pure. */
import { unknownValue } from "../../values/wire";
import { type Aim, dueIssue, withNextRotation } from "./due-issue";
import { changesInPlace, withInputs } from "./in-place";
import { changed, fromOutputs, type KeyRing, type RotatingOutputs, toOutputs } from "./key-ring";
import { nextStep } from "./next-step";
import { nothingSeen } from "./seen";
import { previousTask } from "./use";

/** Outputs that a new key changes. */
const ofTheKey = [
  ...["status", "keyId", "secret", "accessId", "hint", "fingerprint", "physicalName", "createdAt", "expiresAt"],
  ...["generation", "issuedOn", "rotatedAt", "rotationReason", "nextRotationAt"],
] as const;
/** Outputs that the end of the previous key changes. */
const ofThePrevious = ["previousKeyId", "previousSecret", "previousValidUntil", "retireStatus"] as const;

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
