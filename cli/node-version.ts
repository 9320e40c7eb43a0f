import { writeSync } from "node:fs";

/** The oldest Node.js release line that the command runs on; the same as `engines` in package.json. */
export const oldestNode = 22;

/** The message for an older Node.js; undefined if `version` (such as `22.11.0`) is new enough. */
export function nodeRefusal(version: string): string | undefined {
  return Number.parseInt(version, 10) >= oldestNode
    ? undefined
    : `apikeys needs Node.js ${oldestNode} or newer; this is ${version}.`;
}

// Checked while this file loads: main.ts imports it first, before anything that an older Node.js cannot load.
const refusal = nodeRefusal(process.versions.node);
if (refusal !== undefined) {
  writeSync(2, `${refusal}\n`);
  process.exit(2);
}
