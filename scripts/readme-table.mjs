// Writes the table of backends into docs/backends.md from what is known of the vendors. Needs a build.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const load = createRequire(import.meta.url);
const { vendors } = load("../dist/provider/vendors/index.js");
const { capabilityTable } = load("../dist/provider/backends/capability-table.js");
const table = capabilityTable(Object.values(vendors));
const page = readFileSync("docs/backends.md", "utf8");
writeFileSync("docs/backends.md", page.replace(/(<!-- backends -->\n)[\s\S]*?(<!-- \/backends -->)/, `$1${table}\n$2`));
