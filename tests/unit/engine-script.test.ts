/** How the engine gets here: nothing that was downloaded without a checksum is run. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";

const scripts = resolve(__dirname, "../../scripts");
let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "engine-script-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program of this name, first on PATH. */
function command(name: string, lines: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${lines}\n`);
  chmodSync(join(folder, name), 0o755);
}

function engine() {
  // The machine's own tools, but neither its Pulumi nor its Go.
  command("go", 'if [ "$1" = version ]; then echo "go version go1.2 plan9/mips"; else exit 1; fi');
  for (const tool of ["curl", "wget"]) command(tool, `echo ${tool} >>"${folder}/downloads"; exit 0`);
  const { status, stdout, stderr } = spawnSync("bash", [join(scripts, "engine")], {
    encoding: "utf8",
    env: { HOME: folder, PATH: `${folder}:${process.env.PATH ?? ""}`, APIKEYS_CACHE: join(folder, "cache") },
  });
  return { status, stdout, stderr, downloads: existsSync(join(folder, "downloads")) };
}

describe("The engine", () => {
  test("that is on PATH and new enough is used", () => {
    command("pulumi", "echo v3.216.0");
    command("pulumi-language-nodejs", "exit 0");
    expect(engine()).toMatchObject({ status: 0, stdout: `${folder}\n`, downloads: false });
  });

  test("is built from Go modules where there is none, and downloaded by nothing else", () => {
    command("pulumi", "echo v3.100.0");
    const { status, stdout, stderr, downloads } = engine();
    expect({ status, stdout, downloads }).toEqual({ status: 1, stdout: "", downloads: false });
    expect(stderr).toContain("is v3.100.0, and this needs 3.216 or later; using another.");
    expect(stderr).toContain("go version go1.2 plan9/mips is too old to build the Pulumi engine");
    expect(stderr).toContain("There is no Pulumi engine to work with.");
  });

  test("and all else that the scripts need comes from package managers, which compare checksums", () => {
    const downloading = readdirSync(scripts, { recursive: true, encoding: "utf8" })
      .filter((name) => !name.includes("node_modules") && /(^|\/)[^.]+$|\.(sh|mjs)$/.test(name))
      .filter((name) => {
        try {
          return /^[^#]*\b(?:curl|wget)\b/m.test(readFileSync(join(scripts, name), "utf8"));
        } catch {
          return false; // A folder.
        }
      });
    expect(downloading).toEqual([]);
  });
});
