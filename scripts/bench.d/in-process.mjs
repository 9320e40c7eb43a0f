// The provider without an engine: 10,000 keys, limits, an outage, and memory.
import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { once } from "node:events";
import { promisify } from "node:util";
import { withServices } from "./services.mjs";

const run = promisify(execFile);

async function work(job, count, env) {
  const args = ["--expose-gc", "scripts/bench.d/worker.cjs", job, String(count)];
  const { stdout } = await run(process.execPath, args, {
    env: { ...process.env, ...env },
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(stdout.trim().split("\n").at(-1));
}

export async function benchInProcess({ many = 10_000 } = {}) {
  const claims = [];
  await withServices(async (services) => {
    const env = services.environment();
    const few = await work("creates", many / 10, env);
    const all = await work("creates", many, env);
    console.log(`${many / 10} creates ${few.seconds.toFixed(1)} s, ${many} creates ${all.seconds.toFixed(1)} s`);
    const exponent = Math.log10(all.seconds / few.seconds);
    claims.push({ claim: `exponent of time over keys, ${many} in one process`, value: exponent, limit: 1.05 });
    claims.push({ claim: "memory a key, kB", value: (await work("memory", many, env)).bytesPerKey / 1000, limit: 5 });
    const { seconds, driftBytes } = await work("rotations", many, env);
    console.log(`${many} rotations ${seconds.toFixed(1)} s`);
    claims.push({ claim: `memory that ${many} rotations leave, MB`, value: driftBytes / 1e6, limit: 5 });
  });
  await withServices(async (services) => claims.push(...(await underLimit(services))));
  claims.push(...(await onDeadService()));
  return claims;
}

/** 100 requests a second are allowed. */
async function underLimit(services) {
  const { url, adminToken } = services.services.novavms;
  const response = await fetch(`${url}/service-accounts`, {
    method: "POST",
    headers: { authorization: `Bearer ${adminToken}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "bench", role: "viewer" }),
  });
  const env = { ...services.environment(), NOVAVMS_URL: url, BENCH_ACCOUNT: (await response.json()).id };
  await services.control("limits", { perMinute: 6_000, burst: 100 });
  const count = 1_000;
  const before = await services.requests();
  const { seconds } = await work("creates", count, env);
  const sent = (await services.requests()).slice(before.length);
  const refused = sent.filter(({ status }) => status === 429).length;
  // A burst comes at once; the rest at the limit's pace.
  const own = (sent.length - refused - 100) / 100;
  console.log(
    `${count} creates under a limit: ${seconds.toFixed(1)} s, the limit's own time ${own.toFixed(1)} s, ${refused} refused`,
  );
  const started = Date.now();
  const both = await Promise.all(
    ["left", "right"].map((stack) => work("creates", count, { ...env, BENCH_STACK: stack })),
  );
  const untilMs = Math.min(...both.map(({ ends }) => Math.max(...ends)));
  const shares = both.map(({ ends }) => ends.filter((end) => end >= started && end <= untilMs).length);
  const share = Math.min(...shares) / (shares[0] + shares[1]);
  console.log(`two at once: ${shares.join(" and ")} keys until the first had finished`);
  return [
    { claim: "1,000 creates at 100 requests a second, beside the limit's own time", value: seconds / own, limit: 1.05 },
    { claim: "requests that were refused for the limit, %", value: (100 * refused) / sent.length, limit: 0.5 },
    { claim: "the smaller share of two stacks at once, %", value: 100 * share, limit: 45, atLeast: true },
  ];
}

/** A host that takes connections and closes them. */
async function onDeadService() {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const env = {
    PULSELY_URL: `http://127.0.0.1:${port}/v1`,
    PULSELY_ADMIN_TOKEN: "dead-service-token-1234",
  };
  try {
    const { seconds, failures, texts } = await work("dead", 1_000, env);
    console.log(
      `1,000 keys on a dead service: ${failures} failed after ${seconds.toFixed(1)} s and ${connections} connections, ${texts} texts`,
    );
    return [
      { claim: "1,000 keys on a dead service, seconds", value: seconds, limit: 10 },
      {
        claim: "1,000 keys on a dead service, requests beside those of the first 16",
        value: connections / 16,
        limit: 12,
      },
    ];
  } finally {
    server.close();
  }
}
