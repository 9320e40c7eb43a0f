// Time over the number of keys, limits, outages, memory and state, beside the promises; writes docs/performance.md.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { claimsOf } from "./claims.mjs";
import { benchMemory, benchPace, claimsOfLives, inProcessLives } from "./in-process.mjs";
import { benchLimits } from "./limits.mjs";
import { livesOf } from "./lives.mjs";
import { writePage } from "./page.mjs";
import { benchStart } from "./start.mjs";
import { partsOfState } from "./state.mjs";
import { subjects } from "./subjects.mjs";
import { benchWays } from "./ways.mjs";

/** What was measured last, part by part: a run of one part leaves the others as they are. */
const record = "docs/performance.json";

export async function benchScale(/** @type {string[]} */ args) {
  const option = (name, fallback) => args.find((each) => each.startsWith(`--${name}=`))?.split("=")[1] ?? `${fallback}`;
  const counts = option("counts", "100,300,1000").split(",").map(Number);
  const most = Math.max(...counts);
  const many = Number(option("many", 10_000));
  const rounds = Number(option("rounds", 1));
  const names = option("subjects", Object.keys(subjects).join(",")).split(",");
  const measurements = {
    lives: async () => ({
      counts,
      rounds,
      measured: await livesOf(names, counts, { rounds, briefFrom: counts.length > 1 ? most : Infinity }),
    }),
    limits: () => benchLimits({ count: Number(option("limited", Math.min(most, 300))) }),
    ways: () => benchWays(Number(option("ways", Math.min(most, 300)))),
    parts: () => partsOfState(),
    start: () => benchStart(),
    inProcess: () => inProcessLives(many),
    memory: () => benchMemory(many),
    pace: () => benchPace(Math.min(1_000, many)),
  };
  const asked = option("parts", Object.keys(measurements).join(",")).split(",");
  const known = existsSync(record) ? JSON.parse(readFileSync(record, "utf8")) : {};
  for (const [part, measure] of Object.entries(measurements)) {
    if (!asked.includes(part)) continue;
    const startedMs = performance.now();
    known[part] = await measure();
    console.log(`-- ${part}: ${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
    writeFileSync(record, `${JSON.stringify(known, null, 2)}\n`);
  }
  const { lives = { counts: [], measured: {} }, limits = [], ways = [], parts = [], start = [] } = known;
  const { inProcess = {}, memory = [], pace = [] } = known;
  const claims = [...claimsOf(lives.measured), ...limits, ...pace, ...memory, ...claimsOfLives(inProcess), ...start];
  writePage({ lives, inProcess, ways, parts, claims });
  return claims;
}
