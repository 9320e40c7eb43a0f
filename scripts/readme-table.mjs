// Writes the table of backends into README.md from what is known of the vendors. Needs a build.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { vendors } = require("../dist/provider/vendors/index.js");
const { capabilityTable } = require("../dist/provider/backends/capability-table.js");
const table = capabilityTable(Object.values(vendors));
const readme = readFileSync("README.md", "utf8");
writeFileSync("README.md", readme.replace(/(<!-- backends -->\n)[\s\S]*?(<!-- \/backends -->)/, `$1${table}\n$2`));
