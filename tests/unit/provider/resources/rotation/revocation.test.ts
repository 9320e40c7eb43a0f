import { describe, expect, test } from "@jest/globals";
import type { Aim } from "../../../../../provider/resources/rotation/due-issue";
import {
  credentialsOf,
  fromOutputs,
  type KeyRing,
  type RotatingOutputs,
} from "../../../../../provider/resources/rotation/key-ring";
import type { RevokeReason } from "../../../../../provider/resources/rotation/next-step";
import { revoked } from "../../../../../provider/resources/rotation/revocation";
import { nothingSeen } from "../../../../../provider/resources/rotation/seen";
import { origin, today } from "../../support/fake-service";

const older = { keyId: "key-1", physicalName: "export-1111012345" };
const retireAfter = "2026-06-20T00:00:00Z";
const outputs = {
  connection: "default",
  origin,
  rotateEvery: "30d",
  keyId: "key-2",
  physicalName: "export-2222012345",
  status: "active",
  previousKeyId: older.keyId,
  previousValidUntil: retireAfter,
  previousKey: { ...older, retireAfter, retire: "whenUnused", endsOnService: false },
} as unknown as RotatingOutputs;

describe("A key that could not be revoked", () => {
  test.each<[RevokeReason, "previous" | "waiting"]>([
    ["over", "previous"],
    ["room", "previous"],
    ["unused", "waiting"],
    ["condemned", "waiting"],
    ["waiting", "waiting"],
  ])("stays recorded, whatever it was revoked for (%s), and the failure is told once", (why, place) => {
    const start = fromOutputs(outputs);
    const { previous: _none, ...alone } = start;
    const waiting = { ...older, end: retireAfter };
    const ring: KeyRing =
      why === "condemned"
        ? { ...alone, condemned: [older] }
        : why === "waiting"
          ? { ...alone, waiting: [waiting] }
          : start;
    const seen = { ...nothingSeen, ...(why === "unused" && { unused: "never used; retired" }) };
    const key = ring.previous ?? ring.waiting[0] ?? older;
    const step = { kind: "revoke", key, why, room: why === "room" } as const;
    const aim = { nowMs: today } as Aim;
    const after = revoked({ ring, seen, aim, step, outcome: { problem: "the service is down." } });
    expect(credentialsOf(after.ring).map(({ keyId }) => keyId)).toContain(older.keyId);
    expect([after.ring.previous?.keyId, after.ring.waiting.map(({ keyId }) => keyId)]).toEqual(
      place === "previous" ? [older.keyId, []] : [undefined, [older.keyId]],
    );
    const again = revoked({ ...after, aim, step, outcome: { problem: "the service is down." } });
    expect(again.seen.problems).toEqual([
      "the key key-1 could not be revoked, the next update tries again: the service is down.",
    ]);
  });
});
