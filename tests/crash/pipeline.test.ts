import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "@jest/globals";
import { Fleet, type Wish } from "./support/fleet";

const repository = resolve(__dirname, "../..");

interface Ended {
  readonly code: number;
  readonly log: string;
}

/** The jobs of a fleet's repository, with the scripts that the shipped files share. */
class Pipeline {
  readonly #fleet: Fleet;
  readonly #bin: string;

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
    this.#bin = join(fleet.stack.dir, "bin");
    mkdirSync(this.#bin);
    const command = join(this.#bin, "apikeys");
    writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" "${join(repository, "dist/cli/main.js")}" "$@"\n`);
    chmodSync(command, 0o755);
  }

  /** The steps of a job that gate and apply, in a temporary folder of that name. */
  job(name: string, kind: "approved" | "rotation", digests = ""): Promise<Ended> {
    const { stack } = this.#fleet;
    const temporary = this.folder(name);
    mkdirSync(temporary);
    const env = {
      ...stack.env,
      ...{ PATH: `${this.#bin}:${stack.env.PATH}`, STACK: "dev", CI_TEMP: temporary, DIGESTS: digests },
    };
    const steps = `bash "${repository}/ci/gate" ${kind} && bash "${repository}/ci/up"`;
    return new Promise((done) => {
      execFile("/bin/bash", ["-c", steps], { cwd: stack.project, env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
        done({ code: error ? Number(error.code) : 0, log: stdout + stderr }),
      );
    });
  }

  folder(name: string): string {
    return join(this.#fleet.stack.dir, name);
  }

  /** The job that follows one that was made good has nothing to say of it. */
  async expectQuiet(kind: "approved" | "rotation"): Promise<void> {
    const quiet = await this.job("quiet", kind);
    expect([quiet.code, quiet.log]).toEqual([
      0,
      expect.not.stringMatching(/cut short|interrupted run|pending operation/),
    ]);
    expect(readFileSync(join(this.folder("quiet"), "up.log"), "utf8")).toMatch(/unchanged/);
  }
}

const leftLock = "A run that was killed left its lock behind; it is taken away.";

test.each(["tree", "host"] as const)(
  "a rotation that was killed in the pipeline (%s) is made good by the next job without a human, and the log says what was found",
  async (victim) => {
    const fleet = await Fleet.open();
    const pipeline = new Pipeline(fleet);
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

      const healed = await pipeline.job("healed", "rotation").finally(() => wreck.clear());
      expect([healed.code, healed.log]).toEqual([
        0,
        expect.stringMatching(/\(pr2-\w+\) was left by an interrupted run and never used: it is revoked/),
      ]);
      expect(await fleet.broken()).toEqual([]);
      if (victim === "tree") {
        expect(healed.log).toContain(leftLock);
        expect(healed.log).toMatch(/"updating" ".*RotatingApiKey::pr2"/);
      }
      await pipeline.expectQuiet("rotation");
      await fleet.close();
    } finally {
      await fleet.discard();
    }
  },
  240_000,
);

test("a deployment that was killed is made good by the next one under the same approval, without a human", async () => {
  const fleet = await Fleet.open();
  const pipeline = new Pipeline(fleet);
  try {
    const wish: Wish = { keys: ["p2", "a2"], wide: false, now: "2027-01-01T00:00:00Z" };
    fleet.write(wish);
    await fleet.setClock(wish.now);
    await fleet.recover();
    fleet.write({ ...wish, wide: true });
    const unapproved = await pipeline.job("unapproved", "approved");
    expect([unapproved.code, unapproved.log]).toEqual([
      11,
      expect.stringContaining("Nobody approved this access change"),
    ]);
    const { digest } = JSON.parse(readFileSync(join(pipeline.folder("unapproved"), "report.json"), "utf8")) as {
      digest: string;
    };
    const wreck = await fleet.killed(
      { method: "POST", path: /keys$/, count: 2 },
      { point: "K2", victim: "tree", afterMs: 0 },
    );
    expect(wreck.missed ? wreck.output : "").toBe("");

    const healed = await pipeline.job("healed", "approved", digest).finally(() => wreck.clear());
    expect([healed.code, healed.log]).toEqual([0, expect.stringContaining(leftLock)]);
    expect(healed.log).toMatch(/\(p2-\w+\) was left by an interrupted run and never used: it is revoked/);
    expect(await fleet.broken()).toEqual([]);
    await pipeline.expectQuiet("approved");
    await fleet.close();
  } finally {
    await fleet.discard();
  }
}, 240_000);
