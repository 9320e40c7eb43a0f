// Knows both secrets: it tries the current one first and falls back to the previous one while that is
// valid. For a consumer that cannot re-read what is published at the moment when it is needed.
import { readFileSync } from "node:fs";

const [file, url] = process.argv.slice(2);
const { current, previous } = JSON.parse(readFileSync(file, "utf8"));
let status;
for (const secret of [current, previous].filter(Boolean)) {
  ({ status } = await fetch(`${url}/checks`, { headers: { authorization: `Bearer ${secret}` } }));
  if (status !== 401) break;
}
console.log(`GET /checks with whichever key works: ${status}`);
process.exitCode = status === 200 ? 0 : 1;
