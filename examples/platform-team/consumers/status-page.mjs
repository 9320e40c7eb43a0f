// Reads its secret anew for every call, so it moves to a new key whenever one is published.
import { readFileSync } from "node:fs";

const [file, url] = process.argv.slice(2);
const { current } = JSON.parse(readFileSync(file, "utf8"))["status-page"];
const { status } = await fetch(`${url}/checks`, { headers: { authorization: `Bearer ${current}` } });
console.log(`the status page reads its checks: ${status}`);
process.exitCode = status === 200 ? 0 : 1;
