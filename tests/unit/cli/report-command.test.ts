import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { richInventory, richState } from "../inventory/support/rich-state";
import { apikeys, scratchDirectory } from "../review/support/command-line";

const scratch = scratchDirectory();
const page = scratch.path("page.html");
const inventory = scratch.path("inventory.json");
const earlier = JSON.parse(readFileSync("tests/fixtures/state/0.1.0.json", "utf8")) as {
  now: string;
  deployment: object;
};

const key = (outputs: object) => ({
  urn: "urn:pulumi:dev::p::pulumi-nodejs:dynamic/apikeys:ApiKey::k",
  type: "pulumi-nodejs:dynamic/apikeys:ApiKey",
  id: "k1",
  outputs: { status: "active", ...outputs },
});
const state = (...resources: object[]) => JSON.stringify({ deployment: { resources } });
const fresh = key({ createdAt: "2027-01-30T00:00:00Z" });

beforeAll(() => writeFileSync(inventory, JSON.stringify(richInventory())));
afterAll(() => scratch.discard());

describe("apikeys report", () => {
  test.each([
    ["nothing that needs attention", [], [fresh], 0],
    ["a key that is too old", [], [key({ createdAt: "2026-01-01T00:00:00Z" })], 7],
    ["the same key under a longer limit", ["--max-age", "500d"], [key({ createdAt: "2026-01-01T00:00:00Z" })], 0],
    ["a key that has ended", [], [key({ createdAt: "2027-01-01T00:00:00Z", expiresAt: "2027-01-29T00:00:00Z" })], 7],
    ["a record that cannot be read", [], [key({ expiresAt: 7 })], 10],
    ["an inventory with unknown keys and a service that was down", ["--inventory", inventory], [fresh], 10],
  ])("writes the page and answers the shell: %s", async (_what, flags, resources, code) => {
    const ended = await apikeys(["report", "--state", "-", "--html", "-", ...flags], { stdin: state(...resources) });
    expect(ended.stderr).toBe("");
    expect(ended.code).toBe(code);
    expect(ended.stdout).toMatch(/^<!doctype html>\n<html lang="en">[\s\S]*<\/html>\s*$/);
  });

  test("puts several states on one page, and writes it into a file", async () => {
    const [first, second] = [scratch.path("a.json"), scratch.path("b.json")];
    writeFileSync(first, JSON.stringify(richState()));
    writeFileSync(second, state(fresh));
    expect(await apikeys(["report", "--state", first, second, "--html", page])).toMatchObject({ code: 10, stdout: "" });
    const written = readFileSync(page, "utf8");
    for (const shown of ["shop/prod", "p/dev", "from 2"]) expect(written).toContain(shown);
  });

  test("shows a state that version 0.1.0 and the real engine wrote, without its secrets", async () => {
    const ended = await apikeys(["report", "--state", "-", "--html", "-"], {
      stdin: JSON.stringify(earlier.deployment),
      env: { APIKEYS_NOW: earlier.now },
    });
    expect(ended.code).toBe(7);
    expect(ended.stdout).toContain("incident");
    const kept = [
      ...JSON.stringify(earlier.deployment).matchAll(/"(?:ciphertext|fingerprint|hint|salt|secretVersion)":"([^"]+)"/g),
    ];
    expect(kept.length).toBeGreaterThan(20);
    expect(kept.filter(([, text]) => ended.stdout.includes(text ?? ""))).toEqual([]);
  });

  test.each([
    ["no file for the page", ["--state", "-"], /--html/],
    [
      "an inventory that is none",
      ["--state", "-", "--html", page, "--inventory", "package.json"],
      /is not the output of `apikeys inventory --format json`/,
    ],
    ["one standard input for two things", ["--state", "-", "--html", page, "--inventory", "-"], /not both/],
    ["a limit that is none", ["--state", "-", "--html", page, "--max-age", "soon"], /90d/],
    [
      "a place that cannot be written",
      ["--state", "-", "--html", scratch.path("no/such/page.html")],
      /cannot be written \(ENOENT\)/,
    ],
  ])("refuses %s", async (_what, flags, words) => {
    const ended = await apikeys(["report", ...flags], { stdin: state(fresh) });
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(words);
    expect(existsSync(scratch.path("no"))).toBe(false);
  });
});
