// How long a review of 1,000 keys takes, compared with the minimum: starting Node and parsing the same JSON. Prints
// both, their ratio and the memory, and fails above three times as long. Run `scripts/bootstrap` first, and use a quiet
// machine.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const work = mkdtempSync(join(tmpdir(), "apikeys-bench-"));
const file = join(work, "preview.json");
const captured = JSON.parse(readFileSync(join(root, "tests/fixtures/preview/02-scope-added/preview.json"), "utf8"));

/**
 * 1,000 keys, a tenth of them replaced, with a consumer for every third; indented and with traces, as the engine prints
 * them.
 */
function thousandKeys({ steps, ...rest }) {
  const [stack, key, consumer] = ["pulumi:pulumi:Stack", "ApiKey", "Consumer"].map((type) =>
    steps.find(({ urn }) => urn.includes(type)),
  );
  const trace = Array.from({ length: 11 }, (_, index) =>
    index % 9 === 0 ? { sourcePosition: "project:///../node_modules/@pulumi/runtime/stack.ts#78,28" } : {},
  );
  const copy = (step, number) => {
    const text = JSON.stringify(step)
      .replaceAll("dashboard", `key-${number}`)
      .replaceAll("::page", `::page-${number}`)
      .replaceAll("::chart", `::page-${number}`)
      .replace(/key_0+1\b/g, `key_${number}`);
    const made = JSON.parse(text);
    for (const state of [made.oldState, made.newState]) if (state) state.stackTrace = trace;
    return made;
  };
  const all = [stack];
  for (let number = 0; number < 1_000; number += 1) {
    const made = copy(key, number);
    if (number % 10 !== 0) {
      const { outputs: _outputs, id: _id, ...kept } = made.oldState;
      Object.assign(made, {
        op: "same",
        diffReasons: undefined,
        replaceReasons: undefined,
        detailedDiff: null,
        newState: kept,
      });
    }
    all.push(made);
    if (number % 3 === 0) all.push(copy(consumer, number));
  }
  const changeSummary = {};
  for (const { op } of all) changeSummary[op] = (changeSummary[op] ?? 0) + 1;
  return { ...rest, steps: all, changeSummary };
}

writeFileSync(file, JSON.stringify(thousandKeys(captured), null, 4));
const tell = join(work, "tell.cjs");
writeFileSync(
  tell,
  'process.on("exit", () => process.stderr.write(`\\nmemory ${process.resourceUsage().maxRSS}\\n`));',
);
const contestants = {
  "start and parse": ["-r", tell, "-e", `JSON.parse(require("node:fs").readFileSync(${JSON.stringify(file)}, "utf8"))`],
  review: [
    "-r",
    tell,
    join(root, "dist/cli/main.js"),
    "review",
    "--preview",
    file,
    "--project-dir",
    work,
    "--fail-on",
    "never",
  ],
};
const results = Object.fromEntries(Object.keys(contestants).map((name) => [name, { times: [], memory: 0 }]));
// Alternating, so that a busy moment affects both.
for (let round = 0; round < 15; round += 1) {
  for (const [name, args] of Object.entries(contestants)) {
    const start = process.hrtime.bigint();
    const { status, stderr } = spawnSync(process.execPath, args, {
      encoding: "utf8",
      stdio: ["ignore", "ignore", "pipe"],
    });
    if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`);
    results[name].times.push(Number(process.hrtime.bigint() - start) / 1e6);
    results[name].memory = Math.max(results[name].memory, Number(/memory (\d+)/.exec(stderr)?.[1]) / 1024);
  }
}
rmSync(work, { recursive: true, force: true });
for (const [name, { times, memory }] of Object.entries(results)) {
  times.sort((a, b) => a - b);
  console.log(
    `${name}: best ${times[0].toFixed(0)} ms, median ${times[7].toFixed(0)} ms, at most ${memory.toFixed(0)} MB`,
  );
}
// The best run is the one with the least interference from other work on the machine.
const ratio = results.review.times[0] / results["start and parse"].times[0];
console.log(`ratio of the best: ${ratio.toFixed(2)} (limit 3)`);
process.exitCode = ratio <= 3 ? 0 : 1;
