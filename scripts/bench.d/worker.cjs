// The provider without an engine, in a process of its own: `node --expose-gc worker.cjs JOB COUNT`. Prints JSON.
"use strict";
const { ApiKey, RotatingApiKey } = require("../../dist/provider/runtime.js");
const { forgetSecrets } = require("../../dist/provider/secrets/known-secrets.js");

const [job, count] = [process.argv[2], Number(process.argv[3])];
const { BENCH_ACCOUNT: serviceAccountId, BENCH_STACK: stack = "dev", BENCH_LEAK: leakedBytes = "0" } = process.env;
const settings = {
  default: serviceAccountId
    ? {
        backend: "novavms",
        url: process.env.NOVAVMS_URL,
        tokenEnv: "NOVAVMS_ADMIN_TOKEN",
        allowUndocumentedEndpoints: true,
      }
    : { backend: "pulsely", url: process.env.PULSELY_URL, tokenEnv: "PULSELY_ADMIN_TOKEN" },
};
const access = serviceAccountId ? { serviceAccountId, scopes: ["cameras:read"] } : { scopes: ["read:checks"] };
const config = { get: (key) => (key === "apikeys:connections" ? JSON.stringify(settings) : undefined) };
const originOf = (index) => `organization/bench/${stack}/key-${index}`;
// The engine's own number of calls at once is four for each core.
const parallel = 16;

async function inParallel(total, run) {
  let next = 0;
  await Promise.all(
    Array.from({ length: parallel }, async () => {
      while (next < total) await run(next++);
    }),
  );
}

async function made(resource, index, more = {}) {
  const { inputs } = await resource.check({}, { origin: originOf(index), ...access, ...more });
  const { id, outs } = await resource.create(inputs);
  return { id, inputs, outs };
}

const secondsOf = async (run) => {
  const startedMs = performance.now();
  await run();
  return (performance.now() - startedMs) / 1000;
};

/** What a step leaves on purpose, so that the measurement shows what it would see of a leak. */
const leaked = [];

/** Bytes in use after `total` steps have been done in so many parts, at each part. */
async function heapAfter(total, parts, step) {
  const points = [];
  const look = (done) => {
    // What is remembered of secrets is bounded for all keys together, and its bound has a test of its own.
    forgetSecrets();
    global.gc();
    global.gc();
    points.push([done, process.memoryUsage().heapUsed]);
  };
  const each = Math.ceil(total / parts);
  for (let done = 0; done < total; done += each) {
    await step(done, each);
    if (leakedBytes > 0) leaked.push(...Array.from({ length: each }, () => Array(leakedBytes / 8).fill(done + 0.5)));
    look(done + each);
  }
  return points;
}

const night = { rotateEvery: "90d", retire: "immediately" };

async function rotated(key, index, keepers) {
  const { inputs } = await RotatingApiKey.check(key.inputs, { origin: originOf(index), ...access, ...night, keepers });
  await RotatingApiKey.diff(key.id, key.outs, inputs);
  const { outs } = await RotatingApiKey.update(key.id, key.outs, inputs);
  return { ...key, inputs, outs };
}

const jobs = {
  /** Seconds of every operation on that many keys. */
  async life() {
    const seconds = {};
    const keys = [];
    const timed = async (name, run) => (seconds[name] = await secondsOf(() => inParallel(count, run)));
    await made(ApiKey, "first");
    await timed("create", async (index) => (keys[index] = await made(ApiKey, index)));
    await timed("no-op", async (index) => {
      const { id, inputs, outs } = keys[index];
      const checked = await ApiKey.check(inputs, { origin: originOf(index), ...access });
      const { changes } = await ApiKey.diff(id, outs, checked.inputs);
      if (changes) throw new Error("a no-op changes something");
    });
    await timed("refresh", (index) => ApiKey.read(keys[index].id, keys[index].outs));
    await timed("destroy", (index) => ApiKey.delete(keys[index].id, keys[index].outs));
    await timed("create, rotating", async (index) => (keys[index] = await made(RotatingApiKey, index, night)));
    await timed("rotate all", async (index) => (keys[index] = await rotated(keys[index], index, { build: "2" })));
    return { seconds };
  },
  async creates() {
    // What is loaded with the first key is no key's.
    await made(ApiKey, "first");
    const ends = [];
    const seconds = await secondsOf(() =>
      inParallel(count, async (index) => {
        await made(ApiKey, index);
        ends.push(Date.now());
      }),
    );
    return { seconds, ends };
  },
  /** Bytes in use over the number of keys, each made, compared and read. */
  async memory() {
    return {
      points: await heapAfter(count, 20, (done, each) =>
        inParallel(each, async (index) => {
          const { id, inputs, outs } = await made(ApiKey, done + index);
          await ApiKey.diff(id, outs, inputs);
          await ApiKey.read(id, outs);
        }),
      ),
    };
  },
  /** Bytes in use over the number of rotations of one key. */
  async rotations() {
    let key = await made(RotatingApiKey, "night", night);
    return {
      points: await heapAfter(count, 20, async (done, each) => {
        for (let round = 0; round < each; round += 1)
          key = await rotated(key, "night", { round: String(done + round) });
      }),
    };
  },
};

async function main() {
  for (const resource of [ApiKey, RotatingApiKey]) await resource.configure({ config });
  // Warnings are told on stdout, as the engine reads them.
  const log = console.log;
  console.log = () => undefined;
  const result = await jobs[job]();
  console.log = log;
  console.log(JSON.stringify(result));
  process.exit(0);
}

void main();
