// Writes the tables of docs/backends.md: what each backend can do, from the facts in provider/vendors, and what it was checked
// against, from the tests. Needs a build.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { capabilityTable } from "../dist/provider/backends/capability-table.js";
import { evidenceTable } from "../dist/provider/backends/evidence-table.js";
import { vendors } from "../dist/provider/vendors/index.js";

const namesIn = (folder, ending) =>
  readdirSync(folder).flatMap((name) => (name.endsWith(ending) ? [name.slice(0, -ending.length)] : []));
const held = new Set(namesIn("tests/vendors", ".test.ts"));
const documents = Object.entries(JSON.parse(readFileSync("tests/vendors/documents.json", "utf8")));
const tables = {
  backends: capabilityTable(Object.values(vendors)),
  evidence: evidenceTable({
    vendors: Object.keys(vendors),
    onServers: new Set(namesIn("tests/servers", ".test.ts")),
    withPage: new Set(namesIn("docs/services", ".md")),
    onDocuments: new Map(documents.filter(([name]) => held.has(name))),
  }),
};
let page = readFileSync("docs/backends.md", "utf8");
for (const [name, table] of Object.entries(tables))
  page = page.replace(new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`), `$1${table}\n$2`);
writeFileSync("docs/backends.md", page);
