import fc from "fast-check";
import type { Capabilities } from "../../../../provider/backends/definition";
import type { Connection } from "../../../../provider/connections/connections";
import { dayMs, hourMs } from "../../../../provider/values/durations";
import type { Aim } from "../../../../provider/resources/rotation/due-issue";
import type { RotatingOutputs } from "../../../../provider/resources/rotation/key-ring";
import type { RotatingInputs } from "../../../../provider/resources/rotation/fields";
import { Schedule } from "../../../../provider/resources/rotation/schedule";
import { formatTime } from "../../../../provider/values/times";
import { catalogue, everyday, origin, today } from "./fake-service";

const time = (fromMs: number, toMs: number) =>
  fc
    .integer({ min: Math.round(fromMs / hourMs), max: Math.round(toMs / hourMs) })
    .map((h) => formatTime(today + h * hourMs));
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const marker = fc.constantFrom("1111", "2222", "3333").map((mark) => `export-${mark}012345`);
const credential = (ids: readonly string[]) =>
  fc.record(
    {
      keyId: fc.constantFrom(...ids),
      physicalName: marker,
      fingerprint: fc.constantFrom("0123456789abcdef", "fedcba9876543210"),
      secretVersion: fc.constantFrom("v1", "v2"),
    },
    { requiredKeys: ["keyId", "physicalName"] },
  );

/** What a program may say, and a service may be able to do. */
export const anyAim: fc.Arbitrary<Aim & { readonly facts: Connection }> = fc
  .record({
    maxActiveKeys: optional(fc.constantFrom(1, 2, 3)),
    native: optional(fc.constantFrom(0, 3 * dayMs)),
    graceChosen: fc.boolean(),
    delayedRevoke: fc.boolean(),
    lastUsed: fc.boolean(),
    rename: fc.boolean(),
    activationLagMs: fc.constantFrom(0, 2_000),
    retire: optional(fc.constantFrom("afterOverlap" as const, "whenUnused" as const, "immediately" as const)),
    scopes: fc.constantFrom(["read:checks"], ["read:alerts"]),
    emergency: optional(fc.constantFrom("INC-1", "INC-2")),
    name: optional(fc.constantFrom("export", "other")),
    labels: optional(fc.constantFrom({ owner: "a" }, { owner: "b" })),
  })
  .map(({ maxActiveKeys, native, graceChosen, delayedRevoke, lastUsed, rename, activationLagMs, ...inputs }) => {
    const rotates = native !== undefined || maxActiveKeys === 1;
    const capabilities = dropUndefined({
      ...everyday,
      maxActiveKeys,
      delayedRevoke,
      rename,
      activationLagMs,
      lastUsed: lastUsed ? { lagMs: 0, granularityMs: 0 } : undefined,
      nativeRotate: rotates ? { id: "same" as const, maxGraceMs: native ?? 0, graceChosen } : undefined,
    }) as Capabilities;
    const request = { generation: 2, issuedOn: formatTime(today), rotationReason: "", status: "active" };
    const wanted = dropUndefined({
      connection: "default",
      origin,
      rotateEvery: "30d",
      ...inputs,
      ...request,
    }) as RotatingInputs;
    const facts = {
      name: "default",
      backend: "fake",
      origin: "http://127.0.0.1:4010",
      capabilities,
      catalogue,
    } as Connection;
    return { wanted, facts, schedule: new Schedule(wanted, facts), nowMs: today };
  });

/** A state that a rotating key may be in. */
export const anyOutputs: fc.Arbitrary<RotatingOutputs> = fc
  .record({
    current: optional(credential(["key-5", "key-6"])),
    secret: optional(fc.constant("a secret of the current key")),
    status: fc.constantFrom("active", "active", "active", "revoked", "disabled", "expired", "missing"),
    issuedOn: time(-40 * dayMs, 0),
    expiresAt: optional(time(-dayMs, 60 * dayMs)),
    scopes: fc.constantFrom(["read:checks"], ["read:alerts"]),
    emergency: optional(fc.constant("INC-1")),
    previous: optional(credential(["key-4", "key-5"])),
    previousSecret: optional(fc.constant("a secret of the previous key")),
    until: time(-3 * dayMs, 9 * dayMs),
    retireAfter: time(-4 * dayMs, 5 * dayMs),
    retire: fc.constantFrom("afterOverlap" as const, "whenUnused" as const),
    endsOnService: fc.boolean(),
    retireAskedOn: optional(fc.constantFrom("2026-06-15", "2026-06-14")),
    retireStatus: optional(fc.constant("used 4 min ago; deferred")),
    rotateBlockedUntil: optional(time(-dayMs, dayMs)),
    waiting: fc.uniqueArray(credential(["key-1", "key-2", "key-3"]), { maxLength: 3, selector: ({ keyId }) => keyId }),
    lost: fc.uniqueArray(marker, { maxLength: 2 }),
    strays: fc.uniqueArray(credential(["key-7", "key-8"]), { maxLength: 2, selector: ({ keyId }) => keyId }),
  })
  .map(
    ({
      current,
      secret,
      previous,
      previousSecret,
      until,
      retireAfter,
      retire,
      endsOnService,
      waiting,
      lost,
      strays,
      ...rest
    }) => {
      const own = {
        connection: "default",
        origin,
        rotateEvery: "30d",
        service: "http://127.0.0.1:4010",
        createdAt: rest.issuedOn,
      };
      const older = previous && {
        previousKeyId: previous.keyId,
        previousSecret,
        previousValidUntil: until,
        previousKey: {
          ...previous,
          retireAfter,
          retire,
          endsOnService: endsOnService || previous.keyId === current?.keyId,
        },
      };
      return dropUndefined({
        ...own,
        ...rest,
        ...(current && { ...current, secret }),
        generation: 1,
        rotationReason: "first issue",
        ...older,
        pendingRevocations: waiting.length > 0 ? waiting.map((key) => ({ ...key, end: rest.issuedOn })) : undefined,
        lostCreates: lost.length > 0 ? lost : undefined,
        strayKeys: strays.length > 0 ? strays.map(({ keyId, physicalName }) => ({ keyId, physicalName })) : undefined,
      }) as unknown as RotatingOutputs;
    },
  );

function dropUndefined(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
