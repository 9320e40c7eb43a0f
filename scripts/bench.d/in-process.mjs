// The provider without an engine: 10,000 keys, limits, an outage, and memory.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { exponentOf, lineThrough } from "./curve.mjs";
import { commandSeconds } from "./commands.mjs";
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

const worked = (job, count, more = {}) =>
  withServices((services) => work(job, count, { ...services.environment(), ...more }));

/** Seconds by operation and number of keys. */
export async function inProcessLives(many) {
  const measured = {};
  for (const count of [many / 100, many / 10, many]) {
    const { seconds } = await worked("life", count);
    Object.assign(seconds, await commandSeconds(count));
    measured[count] = { seconds };
    const told = Object.entries(seconds).map(([what, value]) => `${what} ${value.toFixed(2)} s`);
    console.log(`${count} in one process: ${told.join(", ")}`);
  }
  return measured;
}

/** The exponents of every operation, between the last two numbers of keys. */
export function claimsOfLives(measured) {
  const counts = Object.keys(measured).map(Number);
  const points = (what) => counts.map((count) => [count, measured[count].seconds[what]]);
  return Object.keys(measured[counts[0]]?.seconds ?? {}).map((what) => ({
    claim: `exponent of time over keys, ${what} of ${counts.at(-1)} in one process`,
    value: exponentOf(points(what)),
    limit: 1.05,
    rest: `${lineThrough(points(what)).slopeMs.toFixed(2)} ms a key`,
  }));
}

/** What a leak of so many bytes a step would look like. */
const leakBytes = 4_096;

export async function benchMemory(many) {
  const claims = [];
  for (const { job, claim, scale } of [
    { job: "memory", claim: "memory a key that a provider process has made and read, kB", scale: 1 / 1000 },
    { job: "rotations", claim: "memory that 10,000 rotations in one process leave, MB", scale: 10_000 / 1e6 },
  ]) {
    const slope = ({ points }) => lineThrough(points.slice(points.length / 4)).slopeMs / 1000;
    const own = slope(await worked(job, many));
    const leaking = slope(await worked(job, many, { BENCH_LEAK: String(leakBytes) }));
    claims.push(
      { claim, value: own * scale, limit: 5, rest: `slope of the heap after a forced collection, over ${many} steps` },
      {
        claim: `the same with ${leakBytes} bytes more a step that are leaked on purpose, seen as a part of them`,
        value: (leaking - own) / leakBytes,
        limit: 0.75,
        atLeast: true,
        rest: "that the measurement sees a leak",
      },
    );
  }
  return claims;
}

/** Creates in one process at 100 requests a second, and in two at once. */
export async function benchPace(count = 1_000) {
  return withServices(async (services) => {
    const perSecond = 100;
    const { url } = services.services.novavms;
    const env = { ...services.environment(), NOVAVMS_URL: url, BENCH_ACCOUNT: await services.account() };
    await services.limit(perSecond, perSecond);
    const before = await services.requestCount();
    const { seconds } = await work("creates", count, env);
    const sent = (await services.requests()).slice(before);
    const refused = sent.filter(({ status }) => status === 429).length;
    // A burst comes at once; the rest at the limit's pace.
    const own = (sent.length - refused - perSecond) / perSecond;
    const [started, alone] = [Date.now(), await services.requestCount()];
    const both = await Promise.all(
      ["left", "right"].map((stack) => work("creates", count, { ...env, BENCH_STACK: stack })),
    );
    const sentByBoth = (await services.requests()).slice(alone);
    const refusedOfBoth = sentByBoth.filter(({ status }) => status === 429).length;
    const untilMs = Math.min(...both.map(({ ends }) => Math.max(...ends)));
    const shares = both.map(({ ends }) => ends.filter((end) => end >= started && end <= untilMs).length);
    return [
      {
        claim: `${count} creates in one process at 100 requests a second, relative to the limit's own time`,
        value: seconds / own,
        limit: 1.05,
        rest: `${seconds.toFixed(1)} s; a burst of 100 and then 100 a second are ${own.toFixed(1)} s, without the burst ${(own + 1).toFixed(1)} s`,
      },
      {
        claim: "of these requests, refused for the limit, %",
        value: (100 * refused) / sent.length,
        limit: 0.5,
        rest: `${refused} of ${sent.length}`,
      },
      {
        claim: "the smaller share of two processes at once, %",
        value: (100 * Math.min(...shares)) / (shares[0] + shares[1]),
        limit: 45,
        atLeast: true,
        rest: shares.join(" and "),
      },
      {
        claim: "of the requests of two processes at once, refused for the limit, %",
        value: (100 * refusedOfBoth) / sentByBoth.length,
        limit: 0.5,
        rest: `${refusedOfBoth} of ${sentByBoth.length}`,
      },
    ];
  });
}
