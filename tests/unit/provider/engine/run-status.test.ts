import { describe, expect, test } from "@jest/globals";
import { engineOfHost } from "../../../../provider/engine/engine-log";
import { RunProgress } from "../../../../provider/engine/run-status";

describe("how far a run is", () => {
  function counted(count: number, eachMs: number): string[] {
    const told: string[] = [];
    let nowMs = 0;
    const progress = new RunProgress(
      () => nowMs,
      (message, passing) => void told.push(passing ? message : `a line that stays: ${message}`),
    );
    for (let index = 0; index < count; index += 1) {
      progress.began();
      nowMs += eachMs;
      progress.done(index % 4 === 3 ? "delete" : "create");
      progress.done("check");
    }
    return told;
  }

  test("is told now and then, less and less often, in a line that passes", () => {
    const told = counted(10_000, 10);
    // At 3 s, and 2, 4, 8 and then 10 s later each.
    expect(told).toHaveLength(12);
    expect(told[0]).toBe("API keys and accounts so far: 225 created, 75 deleted");
    expect(told.at(-1)).toMatch(/^API keys and accounts so far: 7\d\d\d created, 2\d\d\d deleted$/);
  });

  test("is not told of a short run", () => {
    expect(counted(200, 10)).toEqual([]);
  });
});

test("the engine's address is that of a host of dynamic providers, and of no other program", () => {
  const host = "/srv/app/node_modules/@pulumi/pulumi/cmd/dynamic-provider";
  expect(engineOfHost(["node", host, "127.0.0.1:40123"])).toBe("127.0.0.1:40123");
  expect(engineOfHost(["node", `${host}/index.js`, "127.0.0.1:40123"])).toBe("127.0.0.1:40123");
  expect(engineOfHost(["node", "/srv/app/bin/apikeys", "127.0.0.1:40123"])).toBeUndefined();
  expect(engineOfHost(["node", host])).toBeUndefined();
  expect(engineOfHost(["node", host, "https://elsewhere.example.com/x"])).toBeUndefined();
});
