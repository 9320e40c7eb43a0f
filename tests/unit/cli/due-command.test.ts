import { chmodSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { apikeys, scratchDirectory } from "../review/support/command-line";

const scratch = scratchDirectory();
const key = (name: string, outputs: object, type = "ApiKey") => ({
  urn: `urn:pulumi:dev::p::pulumi-nodejs:dynamic/apikeys:${type}::${name}`,
  type: `pulumi-nodejs:dynamic/apikeys:${type}`,
  outputs: { status: "active", ...outputs },
});
const stdin = (...resources: object[]) => JSON.stringify({ deployment: { resources } });
const dead = key("dead", { expiresAt: "2027-01-29T10:00:00Z" });
const ends = key("ends", { expiresAt: "2027-02-04T10:00:00Z" });
const odd = key("odd", { expiresAt: 7 });

beforeAll(() => {
  // A `pulumi` that tells how it was called, or fails as the real one does.
  const script = `#!/bin/sh
case "$*" in
  *nosuch*) echo "error: no stack named 'nosuch' found." >&2; exit 255 ;;
  *) echo '${stdin(dead).replace("::p::", "::'\"$*\"'::")}' ;;
esac`;
  writeFileSync(scratch.path("pulumi"), script);
  chmodSync(scratch.path("pulumi"), 0o755);
});
afterAll(() => scratch.discard());

describe("apikeys due", () => {
  test.each([
    ["a key that has ended", [], [dead], 7],
    ["a key that ends later", [], [ends], 0],
    ["a key that ends by then", ["--within", "3d"], [ends], 7],
    ["a key that ends after that", ["--within", "2d"], [ends], 0],
    ["a record that cannot be read", [], [odd], 10],
    ["a record that cannot be read beside a key that has ended", [], [odd, dead], 10],
    ["no key", [], [], 0],
  ])("answers the shell about %s", async (_what, flags, resources, code) => {
    const ended = await apikeys(["due", "--state", "-", ...flags], { stdin: stdin(...resources) });
    expect(ended.code).toBe(code);
    const asData = await apikeys(["due", "--state", "-", "--json", ...flags], { stdin: stdin(...resources) });
    expect(asData.code).toBe(code);
    expect((JSON.parse(asData.stdout) as { keys: unknown[] }).keys).toHaveLength(resources.length);
  });

  test("tells programs all that it tells people", async () => {
    const { stdout } = await apikeys(["due", "--state", "-", "--json"], { stdin: stdin(dead) });
    expect(JSON.parse(stdout)).toEqual({
      keys: [
        {
          name: "dead",
          urn: dead.urn,
          type: "ApiKey",
          connection: "default",
          status: "active",
          expiresAt: "2027-01-29T10:00:00Z",
          due: [
            {
              what: "unusable",
              at: "2027-01-29T10:00:00Z",
              words: 'expired 3 d ago; it stays so until "expiresAt" is changed',
            },
          ],
          reason: 'expired 3 d ago; it stays so until "expiresAt" is changed',
        },
      ],
    });
  });

  test("asks about the stack that is named, and else about the selected one", async () => {
    const env = { PATH: scratch.path(".") };
    const urn = async (...flags: string[]) => {
      const { stdout, code } = await apikeys(["due", "--json", ...flags], { env });
      expect(code).toBe(7);
      return (JSON.parse(stdout) as { keys: { urn: string }[] }).keys[0]?.urn;
    };
    expect(await urn()).toContain("::stack export --non-interactive::");
    expect(await urn("--stack", "acme/keys/prod; id")).toContain(
      "::stack export --non-interactive --stack acme/keys/prod; id::",
    );
  });

  test.each([
    {
      where: "the stack is not there",
      flags: ["--stack", "nosuch"],
      path: ".",
      code: 10,
      words: "(exit code 255): error: no stack named 'nosuch' found. Check the name in --stack, or",
    },
    {
      where: "there is no pulumi",
      flags: [],
      path: "empty",
      code: 10,
      words: "`pulumi` is not on PATH. Install it, or give the state with --state.",
    },
    {
      where: "two places are given",
      flags: ["--stack", "dev", "--state", "-"],
      path: ".",
      code: 2,
      words: "--state and --stack name two places; give one of them.",
    },
  ])("says what to do where $where", async ({ flags, path, code, words }) => {
    const ended = await apikeys(["due", ...flags], { env: { PATH: scratch.path(path) }, stdin: stdin() });
    expect(ended).toMatchObject({ code, stdout: "" });
    expect(ended.stderr).toContain(words);
  });
});
