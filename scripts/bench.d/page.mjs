// Writes docs/performance.md and its picture from what was measured.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { chartOf } from "./chart.mjs";
import { pointsOf } from "./claims.mjs";
import { exponentOf, lineThrough } from "./curve.mjs";
import { subjects } from "./subjects.mjs";

const path = "docs/performance.md";

export const holds = ({ value, limit, atLeast }) => (atLeast ? value >= limit : value <= limit);

/** @returns {string} a table in Markdown; numbers are at the right */
function table(/** @type {string[]} */ heads, /** @type {string[][]} */ rows, /** @type {number[]} */ numbers) {
  const rule = heads.map((_, index) => (numbers.includes(index) ? "---:" : "---"));
  return [heads, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Rows of one subject: seconds by number of keys, and what the curve says. */
function curveRows(title, byCount, counts) {
  const operations = [...new Set(Object.values(byCount).flatMap(({ seconds }) => Object.keys(seconds)))];
  return operations.map((what) => {
    const points = pointsOf(byCount, what);
    const { slopeMs, intercept } = lineThrough(points);
    const figures =
      points.length < 2 ? ["", "", ""] : [intercept.toFixed(1), slopeMs.toFixed(1), exponentOf(points).toFixed(2)];
    return [title, what, ...counts.map((count) => byCount[count]?.seconds[what]?.toFixed(1) ?? ""), ...figures];
  });
}

const heads = (counts) => [
  "what",
  "operation",
  ...counts.map((count) => `${count} keys, s`),
  "at no keys, s",
  "ms a key",
  "exponent",
];
const right = (counts) => [...counts, 0, 0, 0].map((_, index) => index + 2);

export function writePage({ lives, inProcess, ways, parts, claims }) {
  const { counts, rounds, measured } = lives;
  const curves = Object.entries(measured).map(([name, byCount]) => ({
    title: subjects[name].title,
    points: pointsOf(byCount, "create"),
  }));
  writeFileSync("docs/performance.svg", chartOf({ title: "Seconds to create N keys", curves }));
  const [head] = readFileSync(path, "utf8").split("<!-- measured -->");
  const engine = execFileSync("pulumi", ["version"], { encoding: "utf8" }).trim();
  const many = Object.keys(inProcess).map(Number);
  writeFileSync(
    path,
    `${head}<!-- measured -->

Measured with Pulumi ${engine}, Node ${process.version.slice(1)}, ${cpus().length} cores, services on the same machine; ${rounds === 1 ? "one round" : `the best of ${rounds} rounds`}.

## Promises

${table(
  ["promise", "measured", "limit", "holds", "where the rest goes"],
  claims.map((claim) => [
    ...[claim.claim, claim.value.toFixed(2), `${claim.atLeast ? "at least" : "at most"} ${claim.limit}`],
    ...[holds(claim) ? "yes" : "no", claim.rest ?? ""],
  ]),
  [1],
)}

## On the engine

![Seconds to create N keys](performance.svg)

${table(
  heads(counts),
  Object.entries(measured).flatMap(([name, byCount]) => curveRows(subjects[name].title, byCount, counts)),
  right(counts),
)}

## Without an engine

The provider alone, with 16 calls at once; \`review\` and \`due\` are the commands.

${table(heads(many), curveRows("one process", inProcess, many), right(many))}

## Where the time of a create goes

${table(
  ["way", "keys", "s", "CPU, s", "bytes of the checkpoint a key"],
  ways.map(({ title, count, seconds, cpu, bytes }) => [
    title,
    `${count}`,
    seconds.toFixed(1),
    cpu.toFixed(1),
    bytes.toFixed(0),
  ]),
  [1, 2, 3, 4],
)}

## Where the bytes of an ApiKey go

${table(
  ["part", "dynamic", "plugin"],
  parts.map(([name, ...bytes]) => [name, ...bytes.map(String)]),
  [1, 2],
)}
`,
  );
}
