// The provider without an engine, in a process of its own: `node --expose-gc worker.cjs JOB COUNT`. Prints JSON.
"use strict";
const { ApiKey, RotatingApiKey } = require("../../dist/provider/runtime.js");

const [job, count] = [process.argv[2], Number(process.argv[3])];
const { BENCH_ACCOUNT: serviceAccountId } = process.env;
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
/** More than the secrets that a process remembers: what they take is no key's. */
const warm = 2_000;
const config = { get: (key) => (key === "apikeys:connections" ? JSON.stringify(settings) : undefined) };
const originOf = (index) => `organization/bench/${process.env.BENCH_STACK ?? "dev"}/key-${index}`;
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

function heapBytes() {
  global.gc();
  global.gc();
  return process.memoryUsage().heapUsed;
}

async function made(resource, index, more = {}) {
  const { inputs } = await resource.check({}, { origin: originOf(index), ...access, ...more });
  const { id, outs } = await resource.create(inputs);
  return { id, inputs, outs };
}

const seconds = async (run) => {
  const startedMs = performance.now();
  await run();
  return (performance.now() - startedMs) / 1000;
};

const jobs = {
  async creates() {
    // What is loaded with the first key is no key's.
    await made(ApiKey, "first");
    const ends = [];
    const took = await seconds(() =>
      inParallel(count, async (index) => {
        await made(ApiKey, index);
        ends.push(Date.now());
      }),
    );
    return { seconds: took, ends };
  },
  async memory() {
    await inParallel(warm, (index) => made(ApiKey, `warm-${index}`));
    const before = heapBytes();
    await inParallel(count, (index) => made(ApiKey, index));
    return { bytesPerKey: (heapBytes() - before) / count };
  },
  async rotations() {
    const every = { rotateEvery: "90d", retire: "immediately" };
    let key = await made(RotatingApiKey, "night", every);
    const rotate = async (keepers) => {
      const news = { origin: originOf("night"), scopes: ["read:checks"], ...every, keepers };
      const { inputs } = await RotatingApiKey.check(key.inputs, news);
      const { outs } = await RotatingApiKey.update(key.id, key.outs, inputs);
      key = { ...key, inputs, outs };
    };
    for (let round = 0; round < warm; round += 1) await rotate({ warm: String(round) });
    const before = heapBytes();
    const took = await seconds(async () => {
      for (let round = 0; round < count; round += 1) await rotate({ round: String(round) });
    });
    return { seconds: took, driftBytes: heapBytes() - before };
  },
  async dead() {
    let failures = 0;
    const texts = new Set();
    const took = await seconds(() =>
      inParallel(count, async (index) => {
        try {
          await made(ApiKey, index);
        } catch (error) {
          failures += 1;
          texts.add(error.message.replace(/key-\w+/g, "key"));
        }
      }),
    );
    return { seconds: took, failures, texts: texts.size };
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
