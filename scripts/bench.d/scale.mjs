// Time over the number of keys, for each subject and operation, on the real engine; writes docs/performance.md.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { benchInProcess } from "./in-process.mjs";
import { chartOf } from "./chart.mjs";
import { withServices } from "./services.mjs";
import { benchStart } from "./start.mjs";
import { Stack } from "./stack.mjs";
import { subjects } from "./subjects.mjs";

const command = "dist/cli/main.js";

/** One life of a stack with that many keys. Seconds by operation, and requests of those that ask the service. */
async function lifeOf(subject, count, services) {
  const { program, changed } = subjects[subject];
  const stack = new Stack(services);
  const seconds = {};
  const requests = {};
  const timed = async (name, run) => {
    const before = await services.requestCount();
    seconds[name] = run();
    requests[name] = (await services.requestCount()) - before;
  };
  try {
    stack.up();
    const empty = stack.stateBytes();
    stack.program(program(count));
    await timed("create", () => stack.up());
    const bytesPerKey = (stack.stateBytes() - empty) / count;
    await timed("no-op", () => stack.up());
    await timed("refresh", () => stack.timed("refresh", "--yes", "--skip-preview"));
    if (subject === "dynamic") reviewed(stack, seconds);
    if (changed) {
      stack.program(changed(count));
      await timed("rotate all", () => stack.up());
    }
    await timed("destroy", () => stack.timed("destroy", "--yes", "--skip-preview"));
    return { seconds, requests, bytesPerKey };
  } finally {
    stack.discard();
  }
}

/** The commands that read a preview or a state. */
function reviewed(stack, seconds) {
  const [preview, state] = ["preview.json", "state.json"].map((name) => join(stack.dir, name));
  writeFileSync(preview, stack.pulumi("preview", "--json", "--show-sames"));
  writeFileSync(state, stack.pulumi("stack", "export"));
  const took = (...args) => {
    const startedMs = performance.now();
    try {
      execFileSync(process.execPath, [command, ...args], { stdio: "ignore" });
    } catch (error) {
      // 7: something is due.
      if (error.status !== 7) throw error;
    }
    return (performance.now() - startedMs) / 1000;
  };
  seconds.review = took("review", "--preview", preview, "--project-dir", stack.dir, "--fail-on", "never");
  seconds.due = took("due", "--state", state);
}

/** Seconds at no keys, and milliseconds that each key adds, by least squares; the exponent between the last two. */
function lineThrough(points) {
  const n = points.length;
  const [meanX, meanY] = [0, 1].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / n);
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / (spread || 1);
  const [[x1, y1] = [], [x2, y2] = []] = points.slice(-2);
  return {
    slopeMs: slope * 1000,
    intercept: meanY - slope * meanX,
    exponent: n < 2 ? NaN : Math.log(y2 / y1) / Math.log(x2 / x1),
  };
}

/** What was measured last, part by part: a run of one part leaves the others as they are. */
const record = "docs/performance.json";

export async function benchScale(args) {
  const option = (name, fallback) => args.find((each) => each.startsWith(`--${name}=`))?.split("=")[1] ?? fallback;
  const counts = option("counts", "100,300,1000").split(",").map(Number);
  const parts = option("parts", "lives,start,far,in-process").split(",");
  const known = existsSync(record) ? JSON.parse(readFileSync(record, "utf8")) : {};
  const keep = (part, measured) => {
    known[part] = measured;
    writeFileSync(record, `${JSON.stringify(known, null, 2)}\n`);
  };
  if (parts.includes("lives")) {
    const names = option("subjects", Object.keys(subjects).join(",")).split(",");
    const rounds = Number(option("rounds", "1"));
    const measured = await livesOf(names, counts, rounds);
    keep("lives", { counts, rounds, measured });
  }
  if (parts.includes("start")) keep("start", await benchStart());
  if (parts.includes("far")) keep("far", await farAway(Number(option("far", Math.max(...counts)))));
  if (parts.includes("in-process")) keep("inProcess", await benchInProcess({ many: Number(option("many", "10000")) }));
  const { lives = { counts: [], measured: {} }, start = [], far = [], inProcess = [] } = known;
  const claims = [...claimsOf(lives.measured, lives.counts.at(-1)), ...start, ...far, ...inProcess];
  write({ ...lives, claims });
  return claims;
}

async function livesOf(names, counts, rounds) {
  const measured = {};
  const best = (name, count, life) => {
    const known = (measured[name] ??= {})[count];
    if (!known) measured[name][count] = life;
    else
      for (const what of Object.keys(life.seconds))
        known.seconds[what] = Math.min(known.seconds[what], life.seconds[what]);
  };
  await withServices(async (services) => {
    // They alternate, so that a slow moment of the machine affects all.
    for (const count of counts)
      for (let round = 0; round < rounds; round += 1)
        for (const name of names) {
          const life = await lifeOf(name, count, services);
          best(name, count, life);
          const told = Object.entries(life.seconds).map(([what, value]) => `${what} ${value.toFixed(1)} s`);
          console.log(`${name} ${count}: ${told.join(", ")}`);
        }
  });
  return measured;
}

/** The service is 50 ms away. */
async function farAway(count) {
  return withServices(
    async (services) => {
      const lives = {};
      for (const name of ["dynamic", "naive"]) lives[name] = await lifeOf(name, count, services);
      const { dynamic, naive } = lives;
      console.log(
        `50 ms away, ${count} keys: create ${dynamic.seconds.create.toFixed(1)} and ${naive.seconds.create.toFixed(1)} s, refresh ${dynamic.seconds.refresh.toFixed(1)} and ${naive.seconds.refresh.toFixed(1)} s`,
      );
      return [
        {
          claim: `requests of a refresh of ${count} keys`,
          value: dynamic.requests.refresh,
          limit: Math.ceil(count / 100) + 2,
        },
        {
          claim: `refresh of ${count} keys at 50 ms, beside one request a key`,
          value: dynamic.seconds.refresh / naive.seconds.refresh,
          limit: 0.35,
        },
        {
          claim: `create of ${count} keys at 50 ms, beside naive`,
          value: dynamic.seconds.create / naive.seconds.create,
          limit: 0.42,
        },
      ];
    },
    { latencyMs: 50 },
  );
}

function claimsOf(measured, count) {
  const at = (name) => measured[name]?.[count];
  const ratio = (name, other, what) => (at(name)?.seconds[what] ?? NaN) / (at(other)?.seconds[what] ?? NaN);
  const exponent = (name) => lineThrough(pointsOf(measured[name] ?? {}, "create")).exponent;
  return [
    {
      claim: `create ${count}, beside the complete naive provider`,
      value: ratio("dynamic", "naive", "create"),
      limit: 0.42,
    },
    { claim: `create ${count}, beside the leanest`, value: ratio("dynamic", "leanest", "create"), limit: 0.6 },
    {
      claim: "exponent of creating over keys, above that of the engine alone",
      value: exponent("dynamic") - exponent("engine"),
      limit: 0.05,
    },
    { claim: `no-op of ${count}, beside naive`, value: ratio("dynamic", "naive", "no-op"), limit: 0.6 },
    { claim: `requests of a no-op of ${count}`, value: at("dynamic")?.requests["no-op"] ?? NaN, limit: 0 },
    {
      claim: `rotate all of ${count}, beside creating them`,
      value: (at("rotating")?.seconds["rotate all"] ?? NaN) / (at("rotating")?.seconds.create ?? NaN),
      limit: 2,
    },
    { claim: "state a key, kB", value: (at("dynamic")?.bytesPerKey ?? NaN) / 1000, limit: 2.3 },
    { claim: "the plugin's create, beside dynamic resources", value: ratio("plugin", "dynamic", "create"), limit: 1 },
    { claim: "the plugin's no-op, beside dynamic resources", value: ratio("plugin", "dynamic", "no-op"), limit: 0.8 },
    {
      claim: "the plugin's state, beside dynamic resources",
      value: (at("plugin")?.bytesPerKey ?? NaN) / (at("dynamic")?.bytesPerKey ?? NaN),
      limit: 0.9,
    },
  ].filter(({ value }) => !Number.isNaN(value));
}

function pointsOf(byCount, what) {
  return Object.entries(byCount)
    .filter(([, { seconds }]) => seconds[what] !== undefined)
    .map(([count, { seconds }]) => [Number(count), seconds[what]]);
}

const operations = ["create", "no-op", "refresh", "rotate all", "destroy", "review", "due"];

function write({ measured, counts, rounds = 1, claims }) {
  const rows = Object.entries(measured).flatMap(([name, byCount]) =>
    operations.flatMap((what) => {
      const points = pointsOf(byCount, what);
      if (points.length === 0) return [];
      const { slopeMs, intercept } = lineThrough(points);
      const seconds = counts.map((count) => byCount[count]?.seconds[what]?.toFixed(1) ?? "");
      return [
        `| ${subjects[name].title} | ${what} | ${seconds.join(" | ")} | ${intercept.toFixed(1)} | ${slopeMs.toFixed(1)} |`,
      ];
    }),
  );
  const judged = claims.map(({ claim, value, limit, atLeast }) => {
    const holds = atLeast ? value >= limit : value <= limit;
    return `| ${claim} | ${value.toFixed(2)} | ${atLeast ? "at least" : "at most"} ${limit} | ${holds ? "yes" : "no"} |`;
  });
  const curves = Object.entries(measured).map(([name, byCount]) => ({
    title: subjects[name].title,
    points: pointsOf(byCount, "create"),
  }));
  writeFileSync("docs/performance.svg", chartOf({ title: "Seconds to create N keys", curves }));
  const path = "docs/performance.md";
  const [head] = readFileSync(path, "utf8").split("<!-- measured -->");
  const engine = execFileSync("pulumi", ["version"], { encoding: "utf8" }).trim();
  writeFileSync(
    path,
    `${head}<!-- measured -->

Measured with Pulumi ${engine}, Node ${process.version.slice(1)}, ${cpus().length} cores, services on the same machine; ${rounds === 1 ? "one round" : `the best of ${rounds} rounds`}.

![Seconds to create N keys](performance.svg)

| what | operation | ${counts.map((count) => `${count} keys, s`).join(" | ")} | at no keys, s | ms a key |
| --- | --- | ${counts.map(() => "---: |").join(" ")} ---: | ---: |
${rows.join("\n")}

| promise | measured | limit | holds |
| --- | ---: | --- | --- |
${judged.join("\n")}
`,
  );
}
