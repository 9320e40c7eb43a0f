import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  awaiting,
  credentialsOf,
  fromOutputs,
  leftAlone,
  leftBehind,
  type RotatingOutputs,
  toOutputs,
  withoutPrevious,
} from "../../../../../provider/resources/rotation/key-ring";
import { AmbiguousCreateError } from "../../../../../provider/errors";
import { anyOutputs } from "../../support/rings";
import { seed } from "../../../../support/seed";

const now = "2026-06-15T12:00:00Z";

interface Fixture {
  readonly deployment: { readonly deployment: { readonly resources: { type: string; outputs?: RotatingOutputs }[] } };
}

describe("The keys of a rotating key", () => {
  test(`are written to the state as they were read from it (APIKEYS_SEED=${seed})`, () => {
    fc.assert(
      fc.property(anyOutputs, (outs) => {
        expect(toOutputs(fromOutputs(outs))).toStrictEqual(outs);
      }),
      { seed, numRuns: 500 },
    );
  });

  test.each(["0.1.0"])("are read from the states of %s, and written back as they were", (version) => {
    const file = resolve(__dirname, `../../../../fixtures/state/${version}.json`);
    const { resources } = (JSON.parse(readFileSync(file, "utf8")) as Fixture).deployment.deployment;
    const recorded = resources.filter(({ type }) => type.endsWith(":RotatingApiKey")).map(({ outputs }) => outputs!);
    expect(recorded.length).toBeGreaterThan(8);
    for (const outs of recorded) expect(toOutputs(fromOutputs(outs))).toStrictEqual(outs);
  });

  test(`are never forgotten, whatever happens to them (APIKEYS_SEED=${seed})`, () => {
    fc.assert(
      fc.property(anyOutputs, (outs) => {
        const ring = fromOutputs(outs);
        const ids = credentialsOf(ring).map(({ keyId }) => keyId);
        const unclear = new AmbiguousCreateError("unclear", "export-4444012345", ["key-9"]);
        const key = { keyId: "key-10", physicalName: "export-5555012345" };
        const after = leftAlone(awaiting(leftBehind(ring, unclear, now), key, now), { ...key, keyId: "key-11" });
        const found = credentialsOf(fromOutputs(toOutputs(after))).map(({ keyId }) => keyId);
        expect(found).toEqual(expect.arrayContaining([...ids, "key-9", "key-10", "key-11"]));
        expect(toOutputs(withoutPrevious(ring))).not.toHaveProperty("previousSecret");
      }),
      { seed, numRuns: 200 },
    );
  });
});
