/** The inputs of a rotating key: what a change of each does. */
import { sameAccess } from "../../scopes";
import { sameLife } from "../key/expiry";
import { changedOptions } from "../fields/options";
import { sameValue } from "../fields/field";
import { always, type Comparison, type Fields, type InputsOf, namesBy, optional, withEffects } from "../fields/field";
import { keyFields } from "../fields/key-fields";
import { fieldSchemas } from "../checks/shape";
import type { RetireMode } from "./schedule";

type Scopes = readonly string[] | undefined;

/** The schedule as the user writes it; durations are texts. */
export const scheduleFields = {
  // Checked together: see schedule-check.ts.
  rotateEvery: always<string>({ schema: fieldSchemas.judgedApart, change: "record" }),
  rotateBefore: optional<string>({ schema: fieldSchemas.judgedApart, change: "record" }),
  overlap: optional<string>({ schema: fieldSchemas.judgedApart, change: "record" }),
  retire: optional<RetireMode>({ schema: fieldSchemas.judgedApart, change: "record" }),
  maxOverlap: optional<string>({ schema: fieldSchemas.judgedApart, change: "record" }),
  jitter: optional<string>({ schema: fieldSchemas.judgedApart, change: "record" }),
} as const satisfies Fields;

/** When an adopted key gets its first successor. */
export type FirstRotation = "due" | "now";

/** The request that `check` adds. Times are RFC 3339 UTC. */
const requestFields = {
  /** Counts keys from 1. Never decides by itself. */
  generation: always<number>({ change: "request" }),
  /** When the current key was requested: a UTC day if `rotateEvery` is at least a day. */
  issuedOn: always<string>({ change: "request" }),
  rotationReason: always<string>({ change: "request" }),
  /** Earliest end of the previous key. */
  retireAfter: optional<string>({ change: "request" }),
  /** Latest end of the previous key, if its use decides. */
  retireUntil: optional<string>({ change: "request" }),
  /** The UTC day on which an update asks the service about the use of the previous key. */
  retireAskedOn: optional<string>({ change: "request" }),
} as const satisfies Fields;

export type RotationRequest = InputsOf<typeof requestFields>;

/**
 * True for inputs that the clock sets. A program that ignores changes of one of them switches rotation by the clock off.
 */
export function isRequestName(name: string): boolean {
  return Object.hasOwn(requestFields, name);
}

const inherited = withEffects(keyFields, {
  connection: "replace",
  serviceAccountId: "replace",
  environment: "replace",
  scopes: "rotate",
  options: "rotate",
  keepers: "rotate",
  expiresIn: "rotate",
  labels: "update",
  name: "update",
  description: "update",
  fullAccess: "keep",
  allowOutage: "keep",
  acceptLess: "keep",
  onDisabled: "keep",
  selfRotate: "keep",
  adopt: "replace",
  revokeOnDestroy: "record",
  origin: "keep",
  target: "keep",
});

export const rotatingFields = {
  emergency: optional<string>({
    schema: fieldSchemas.emergency,
    change: "rotate",
    // Removing it only clears the record.
    same: (before, after) => after === undefined || after === before,
  }),
  ...inherited,
  firstRotation: optional<FirstRotation>({ schema: fieldSchemas.firstRotation, change: "keep" }),
  name: { ...inherited.name, same: sameValue },
  scopes: {
    ...inherited.scopes,
    same: (before: Scopes, after: Scopes, { facts }: Comparison) =>
      sameAccess(facts.catalogue, before ?? [], after ?? []),
  },
  options: {
    ...inherited.options,
    // Options that change in place need no other key: see in-place.ts.
    same: (_before: unknown, _after: unknown, { olds, news, facts }: Comparison) =>
      changedOptions(facts.keyOptions, { olds, news }).every(({ effect }) => effect === "update"),
  },
  keepers: { ...inherited.keepers, same: (before, after) => sameValue(before ?? {}, after ?? {}) },
  expiresIn: { ...inherited.expiresIn, same: sameLife },
  ...scheduleFields,
  ...requestFields,
  /** What the key should be. */
  status: always<string>({ change: "request" }),
} as const satisfies Fields;

/** Inputs after `check`. */
export type RotatingInputs = InputsOf<typeof rotatingFields>;

/** Inputs whose change replaces the resource. */
export const identityNames = namesBy(rotatingFields, "replace");
/** Inputs whose change issues a new key. */
export const rotatingNames = namesBy(rotatingFields, "rotate");
/** Inputs that change the current key on the service, if the vendor can do that. */
export const wordingNames = namesBy(rotatingFields, "update");
/** Inputs that only change the record, shown in a preview or silently. */
export const recordNames = namesBy(rotatingFields, "record");
export const silentNames = namesBy(rotatingFields, "keep");
