// Work on foreign text. The time to make a service's text safe does not grow with the text, and looking up leaked
// secrets among many keys is about as fast as hashing them.
import { createRequire } from "node:module";
import { performance } from "node:perf_hooks";
import { createHash, randomBytes } from "node:crypto";

const require = createRequire(import.meta.url);
const rounds = 5;

/** The best of five, in milliseconds. */
function best(run) {
  const times = Array.from({ length: rounds }, () => {
    const startedMs = performance.now();
    run();
    return performance.now() - startedMs;
  });
  return Math.min(...times);
}

/** @type {import("../../dist/inventory/recorded.js").RecordedKey} */
const recorded = {
  kind: "key",
  urn: "urn:pulumi:prod::shop::pulumi-nodejs:dynamic/apikeys:ApiKey::k",
  type: "ApiKey",
  resource: "k",
  stack: "shop/prod",
  connection: "default",
  service: "https://api.example.com",
  id: "key_1",
  generation: "current",
  consumers: [],
};

export async function benchWords() {
  const { redact } = require("../../dist/provider/secrets/redact.js");
  const secrets = ["acme_0123456789abcdefABCDEF", "user:Str0ng!Passw0rd"];
  const pieces = ["eyJaaaaaaaaaa-", "%25", "\u0000a\u200b", "\\u0041", "acme_012345678", "Zm9v"];
  let worst = 0;
  for (const piece of pieces) {
    const long = piece.repeat(Math.ceil(2 ** 24 / piece.length));
    const short = long.slice(0, 8_192);
    const [longMs, shortMs] = [best(() => redact(long, secrets)), best(() => redact(short, secrets))];
    console.log(`redact ${JSON.stringify(piece)}: 16 MB ${longMs.toFixed(2)} ms, 8 kB ${shortMs.toFixed(2)} ms`);
    worst = Math.max(worst, longMs / Math.max(shortMs, 0.05));
  }

  const { candidatesIn } = require("../../dist/inventory/candidates.js");
  const { identify } = require("../../dist/inventory/identify.js");
  const { fingerprintOf } = require("../../dist/provider/values/fingerprint.js");
  const drawn = Array.from({ length: 20_000 }, () => `acme_${randomBytes(18).toString("hex")}`);
  const keys = drawn
    .slice(0, 10_000)
    .map((secret, index) => ({ ...recorded, resource: `k${index}`, fingerprint: fingerprintOf(secret) }));
  const report = drawn.slice(5_000, 15_000).join("\n");
  const lookMs = best(() => {
    const found = identify(candidatesIn(report), [{ stack: "shop/prod", keys, config: {} }], 0);
    if (found.length !== 5_000) throw new Error(`${found.length} of 5,000 leaked keys were found`);
  });
  const hashMs = best(() => drawn.forEach((text) => createHash("sha256").update(text).digest("hex")));
  console.log(`identify 10,000 of 10,000: ${lookMs.toFixed(0)} ms; 20,000 hashes: ${hashMs.toFixed(0)} ms`);
  return [
    { claim: "16 MB of a service's words made safe, relative to 8 kB of the same", value: worst, limit: 3 },
    {
      claim: "10,000 leaked secrets looked up among 10,000 keys, relative to 20,000 hashes",
      value: lookMs / hashMs,
      limit: 6,
    },
  ];
}
