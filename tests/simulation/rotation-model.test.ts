import { afterAll, beforeAll, describe, test } from "@jest/globals";
import fc from "fast-check";
import { products, RotationBench } from "../contract/support/rotation-bench";
import { rotationSteps, schedulesOf, theEnd } from "./support/rotation-commands";
import { RotationRun } from "./support/rotation-run";
import { seed } from "../support/seed";

/** 100 on each of three products. `APIKEYS_RUNS` asks for more, `APIKEYS_SEED` and `APIKEYS_REPLAY` repeat a failure. */
const numRuns = Number(process.env.APIKEYS_RUNS ?? 100);

describe("Rotating keys, whatever happens in whatever order", () => {
  let bench: RotationBench;
  beforeAll(async () => void (bench = await RotationBench.open()));
  afterAll(() => bench.close());

  test.each(products)(
    `keep every promise on %s (APIKEYS_SEED=${seed})`,
    async (product) => {
      const replay = process.env.APIKEYS_REPLAY === undefined ? {} : { replayPath: process.env.APIKEYS_REPLAY };
      const sequence = fc.tuple(
        fc.constantFrom(...schedulesOf(product)),
        fc.commands(rotationSteps(product), { maxCommands: 30, size: "max", ...replay }),
      );
      await fc.assert(
        fc.asyncProperty(sequence, async ([schedule, steps]) => {
          const run = await RotationRun.start(bench, product, schedule);
          await fc.asyncModelRun(() => ({ model: {}, real: run }), [...steps, theEnd]);
        }),
        { numRuns, seed, endOnFailure: process.env.APIKEYS_NO_SHRINK === "1" },
      );
    },
    600_000,
  );
});
