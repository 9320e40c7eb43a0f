// The cost of importing the SDK beside @pulumi/pulumi, and the runtime beside its two libraries.
import { execFileSync } from "node:child_process";

const load = (...modules) => {
  const code = `const t=performance.now();${modules.map((name) => `require(${JSON.stringify(name)});`).join("")}console.log(performance.now()-t)`;
  return Number(execFileSync(process.execPath, ["-e", code], { encoding: "utf8" }));
};

/** The smallest of five. They alternate, so that a slow moment of the machine affects both. */
function bestOfFive(a, b) {
  const best = [Infinity, Infinity];
  a();
  b();
  for (let round = 0; round < 5; round += 1)
    [a, b].forEach((run, index) => (best[index] = Math.min(best[index], run())));
  return best;
}

export function benchImports() {
  const [engine, sdk] = bestOfFive(
    () => load("@pulumi/pulumi"),
    () => load("@pulumi/pulumi", "pulumi-apikeys"),
  );
  console.log(`@pulumi/pulumi ${engine.toFixed(0)} ms, with the SDK ${sdk.toFixed(0)} ms`);
  const [libraries, runtime] = bestOfFive(
    () => load("zod", "undici"),
    () => load("pulumi-apikeys/runtime"),
  );
  console.log(`zod and undici ${libraries.toFixed(0)} ms, the runtime ${runtime.toFixed(0)} ms`);
  return [
    { claim: "importing the SDK, relative to @pulumi/pulumi alone", value: sdk / engine, limit: 1.1 },
    { claim: "loading ./runtime, relative to zod and undici alone", value: runtime / libraries, limit: 1.2 },
  ];
}
