// See scripts/openapi. --base URL (instead of https://raw.githubusercontent.com) is for the test.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { changesIn, parseDocument } from "./changes.mjs";

const mostChanges = 40;
const sources = fileURLToPath(new URL("../../tests/vendors/documents.json", import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    base: { type: "string", default: "https://raw.githubusercontent.com" },
    cache: { type: "string", default: "." },
    into: { type: "string" },
    latest: { type: "boolean", default: false },
    sources: { type: "string", default: sources },
  },
});
const folder = values.into ?? values.cache;
const documents = JSON.parse(readFileSync(values.sources, "utf8"));
const unknown = positionals.find((name) => !(name in documents));
if (unknown !== undefined) {
  console.error(`openapi: there is no document of "${unknown}"; known: ${Object.keys(documents).join(", ")}`);
  process.exit(2);
}

async function download({ repository, path }, commit) {
  const url = `${values.base}/${repository}/${commit}/${path}`;
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return answer.text();
}

async function bring(name, source) {
  if (source.written === true) return `${name}: written by hand from the vendor's pages; there is nothing to download`;
  if (source.sha256 === undefined) return `${name}: no checksum is pinned, so nothing was downloaded`;
  const text = await download(source, source.commit);
  const found = createHash("sha256").update(text).digest("hex");
  if (found !== source.sha256)
    throw new Error(`the document at ${source.commit} has the checksum ${found}, and not ${source.sha256}: not stored`);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}${extname(source.path)}`);
  writeFileSync(file, text);
  if (!values.latest) return `${name}: ${file}`;
  const changes = changesIn(parseDocument(text), parseDocument(await download(source, "HEAD")), source.uses);
  if (changes.length === 0) return `${name}: nothing changed since ${source.date} in what is used`;
  const shown = changes.slice(0, mostChanges).map((change) => `  ${change}`);
  const more = changes.length > mostChanges ? [`  and ${changes.length - mostChanges} more`] : [];
  return [`${name}: ${changes.length} changes since ${source.date}`, ...shown, ...more].join("\n");
}

for (const [name, source] of Object.entries(documents)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  try {
    console.log(await bring(name, source));
  } catch (error) {
    console.error(`${name}: ${error.message}${error.cause ? ` (${error.cause.message})` : ""}`);
    process.exitCode = 1;
  }
}
