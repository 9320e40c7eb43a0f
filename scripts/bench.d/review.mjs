// The cost of a large review: a key with many scopes, and a preview that tries to exhaust the reviewer.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const command = resolve("dist/cli/main.js");
const megabyte = 1024 * 1024;

/** One key with scopes that all change from read to write. */
function keyWith(scopes) {
  const urn = "urn:pulumi:prod::shop::pulumi-nodejs:dynamic/apikeys:ApiKey::ci";
  const state = (verb) => ({
    urn,
    type: "pulumi-nodejs:dynamic/apikeys:ApiKey",
    custom: true,
    inputs: {
      __provider: 'exports.handler=()=>require("pulumi-apikeys/runtime").ApiKey',
      connection: "default",
      target: { backend: "pulseapi", origin: "https://pulse.example" },
      status: "active",
      scopes: Array.from({ length: scopes }, (_, index) => `part${index}:${verb}`),
      expiresIn: "30d",
      labels: { owner: "web", purpose: "site" },
    },
  });
  const step = { op: "replace", urn, oldState: { ...state("read"), id: "key" }, newState: state("write") };
  return JSON.stringify({ steps: [{ ...step, replaceReasons: ["scopes"] }], changeSummary: { replace: 1 } });
}

/** Previews of 50 MB, each excessive in another way. */
const hostile = {
  lists: () => `{"steps":[${"[],".repeat((50 * megabyte) / 3)}[]]}`,
  nesting: () => `{"steps":${"[".repeat(50 * megabyte)}`,
  quotes: () => `{"${'\\"'.repeat(25 * megabyte)}`,
  scopes: () => keyWith((50 * megabyte) / 35),
};

export function benchReview() {
  const work = mkdtempSync(join(tmpdir(), "apikeys-bench-"));
  const tell = join(work, "tell.cjs");
  writeFileSync(
    tell,
    'process.on("exit", () => process.stderr.write(`\\nmemory ${process.resourceUsage().maxRSS}\\n`));',
  );
  const file = (name, text) => {
    const path = join(work, `${name}.json`);
    writeFileSync(path, text);
    return path;
  };
  const run = (preview, expected) => {
    const args = ["-r", tell, command, "review", "--preview", preview, "--project-dir", work, "--fail-on", "never"];
    const start = process.hrtime.bigint();
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    const ms = Number(process.hrtime.bigint() - start) / 1e6;
    if (status !== expected) throw new Error(`the review ended with ${status}: ${stderr.slice(0, 500)}`);
    if (expected === 10 && !stdout.includes("> - The preview")) throw new Error("the refusal does not say why");
    return { ms, mb: Number(/memory (\d+)/.exec(stderr)?.[1]) / 1024 };
  };
  try {
    const [few, many] = [300, 3_000].map((scopes) => file(`scopes-${scopes}`, keyWith(scopes)));
    const best = [Infinity, Infinity];
    for (let round = 0; round < 5; round += 1)
      [few, many].forEach((preview, index) => (best[index] = Math.min(best[index], run(preview, 0).ms)));
    console.log(`a key with 300 scopes ${best[0].toFixed(0)} ms, with 3,000 ${best[1].toFixed(0)} ms`);
    const claims = [
      { claim: "reviewing a key with 3,000 scopes, relative to one with 300", value: best[1] / best[0], limit: 3 },
    ];
    const refusals = Object.entries(hostile).map(([name, make]) => {
      const preview = file(name, make());
      const runs = Array.from({ length: 5 }, () => run(preview, 10));
      const [ms, mb] = [Math.min(...runs.map((one) => one.ms)), Math.max(...runs.map((one) => one.mb))];
      console.log(`50 MB of ${name}: refused after ${ms.toFixed(0)} ms, at most ${mb.toFixed(0)} MB`);
      rmSync(preview);
      return { ms, mb };
    });
    claims.push(
      {
        claim: "seconds until a hostile preview of 50 MB is refused",
        value: Math.max(...refusals.map(({ ms }) => ms)) / 1e3,
        limit: 5,
      },
      { claim: "MB that the refusal takes", value: Math.max(...refusals.map(({ mb }) => mb)), limit: 1024 },
    );
    return claims;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
