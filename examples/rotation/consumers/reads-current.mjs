// Knows one secret: the current one. It reads the published file again for every call (or whenever it
// changes), so it moves to a new key within the overlap, while its old one still works.
import { readFileSync } from "node:fs";

const [file, url] = process.argv.slice(2);
const { current } = JSON.parse(readFileSync(file, "utf8"));
const { status } = await fetch(`${url}/checks`, { headers: { authorization: `Bearer ${current}` } });
console.log(`GET /checks with the current key: ${status}`);
process.exitCode = status === 200 ? 0 : 1;
