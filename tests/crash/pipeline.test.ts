import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "@jest/globals";
import { Fleet, type Wish } from "./support/fleet";

const repository = resolve(__dirname, "../..");

test.each(["tree", "host"] as const)(
  "a rotation that was killed in the pipeline (%s) is made good by the next job without a human, and the log says what was found",
  async (victim) => {
    const fleet = await Fleet.open();
    const { stack } = fleet;
    const bin = join(stack.dir, "bin");
    mkdirSync(bin);
    writeFileSync(
      join(bin, "apikeys"),
      `#!/bin/sh\nexec "${process.execPath}" "${join(repository, "dist/cli/main.js")}" "$@"\n`,
    );
    chmodSync(join(bin, "apikeys"), 0o755);
    /** The steps of the job that gate and apply. */
    const job = (night: number): Promise<{ readonly code: number; readonly log: string }> => {
      const temporary = join(stack.dir, `job-${night}`);
      mkdirSync(temporary);
      const env = { ...stack.env, PATH: `${bin}:${stack.env.PATH}`, STACK: "dev", CI_TEMP: temporary };
      const steps = `bash "${repository}/ci/gate" rotation && bash "${repository}/ci/up"`;
      return new Promise((done) => {
        execFile("/bin/bash", ["-c", steps], { cwd: stack.project, env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
          done({ code: error ? Number(error.code) : 0, log: stdout + stderr }),
        );
      });
    };
    try {
      const wish: Wish = { keys: ["pr2", "nr2", "ar2"], wide: false, now: "2027-01-01T00:00:00Z" };
      fleet.write(wish);
      await fleet.setClock(wish.now);
      await fleet.recover();
      fleet.write({ ...wish, now: "2027-02-01T00:00:00Z" });
      await fleet.setClock("2027-02-01T00:00:00Z");
      const wreck = await fleet.killed(
        { method: "POST", path: /keys$/, count: 3 },
        { point: "K2", victim, afterMs: 0 },
      );
      expect(wreck.missed ? wreck.output : "").toBe("");

      const healed = await job(1);
      wreck.clear();
      expect([healed.code, healed.log]).toEqual([
        0,
        expect.stringMatching(/\(pr2-\w+\) was left by an interrupted run and never used: it is revoked/),
      ]);
      expect(await fleet.broken()).toEqual([]);
      if (victim === "tree") {
        expect(healed.log).toContain("A run that was killed left its lock behind; it is taken away.");
        expect(healed.log).toMatch(/"updating" ".*RotatingApiKey::pr2"/);
      }
      const quiet = await job(2);
      expect([quiet.code, quiet.log]).toEqual([
        0,
        expect.not.stringMatching(/cut short|interrupted run|pending operation/),
      ]);
      expect(readFileSync(join(stack.dir, "job-2", "up.log"), "utf8")).toMatch(/unchanged/);
      await fleet.close();
    } finally {
      await fleet.discard();
    }
  },
  240_000,
);
