// See scripts/live. Needs a build.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { run } from "node:test";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openVendor } from "./vendors.mjs";

const load = createRequire(import.meta.url);
const { version } = load("../../package.json");
const { isNotOffered } = load("../../dist/testing/harness.js");
const suite = fileURLToPath(new URL("suite.mjs", import.meta.url));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sandbox: { type: "boolean", default: false },
    field: { type: "string", multiple: true, default: [] },
    url: { type: "string" },
    report: { type: "string" },
  },
});
const [vendor] = positionals;
const { APIKEYS_LIVE_TOKEN: token } = process.env;
const fields = Object.fromEntries(values.field.map((text) => [text.split("=")[0], text.slice(text.indexOf("=") + 1)]));

/** @returns {never} */
function refuse(why) {
  console.error(`live: ${why}`);
  process.exit(2);
}
if (vendor === undefined) refuse("name the vendor");
if (!token) refuse("put the admin credential into APIKEYS_LIVE_TOKEN");
if (!values.sandbox)
  refuse("this makes and revokes keys and accounts. Say --sandbox if nothing there matters to anybody");

const live = await openVendor({ vendor, fields, url: values.url, token }).catch((error) => refuse(error.message));
const before = await live.ours();
const results = [];
process.env.APIKEYS_LIVE = JSON.stringify({ vendor, fields, url: live.url });
const stream = run({
  files: [suite],
  concurrency: 1,
  timeout: 30 * 60_000,
});
for await (const { type, data } of stream) {
  if (type !== "test:pass" && type !== "test:fail") continue;
  if (data.details?.type === "suite" || data.nesting === 0) continue;
  const why =
    type === "test:fail" ? String(data.details.error?.cause?.message ?? data.details.error?.message) : undefined;
  results.push({ name: data.name, why });
  console.error(`${why === undefined ? "kept" : "not kept"}: ${data.name}`);
}
const left = [...(await live.ours())].filter((id) => !before.has(id));
for (const id of left) await live.remove(id);
const still = [...(await live.ours())].filter((id) => !before.has(id));

// What only an administrator's hand can do on the service, nobody plays here.
const isUnplayed = ({ why }) => why !== undefined && isNotOffered(why);
const unplayed = results.filter(isUnplayed);
const failed = results.filter((result) => result.why !== undefined && !isUnplayed(result));
const kept = results.filter(({ why }) => why === undefined);
const report = [
  `# ${vendor}: the contract suite against the real service`,
  "",
  `- pulumi-apikeys ${version}, Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}`,
  `- ${new URL(live.url).origin}`,
  `- ${kept.length} promises kept, ${failed.length} broken, ${unplayed.length} not played`,
  `- left behind by the suite, and removed: ${left.length - still.length}; still there: ${still.length === 0 ? "none" : still.join(", ")}`,
  "",
  ...failed.flatMap(({ name, why }) => [`## broken: ${name}`, "", "```", why, "```", ""]),
  "## kept",
  "",
  ...kept.map(({ name }) => `- ${name}`),
  "",
  ...(unplayed.length > 0 ? ["## not played", "", ...unplayed.map(({ name }) => `- ${name}`), ""] : []),
].join("\n");
const file = values.report ?? `live-${vendor}.md`;
if (report.includes(token)) refuse("the report would hold the credential; it was not written");
writeFileSync(file, report);
console.log(readFileSync(file, "utf8"));
process.exitCode = failed.length > 0 || kept.length === 0 || still.length > 0 ? 1 : 0;
