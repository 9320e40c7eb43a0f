import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "@jest/globals";
import { startOpenai } from "../doubles/openai";
import { runScript } from "./support/run-script";

const script = resolve(__dirname, "../../scripts/live.d/main.mjs");

const live = (token: string | undefined, ...args: string[]) =>
  runScript(script, args, token === undefined ? {} : { APIKEYS_LIVE_TOKEN: token });

test("Nothing is sent without a credential, or without the word that it is a sandbox.", async () => {
  expect(await live(undefined, "openai", "--sandbox")).toEqual({
    code: 2,
    text: expect.stringContaining("APIKEYS_LIVE_TOKEN"),
  });
  expect(await live("x", "openai")).toEqual({ code: 2, text: expect.stringContaining("--sandbox") });
  expect(await live("x", "nobody", "--sandbox")).toEqual({ code: 2, text: expect.stringContaining("there are") });
});

test("The suite runs against a service, leaves nothing there, and its report holds every promise and no credential.", async () => {
  const double = await startOpenai();
  const directory = mkdtempSync(join(tmpdir(), "apikeys-live-"));
  try {
    const report = join(directory, "report.md");
    const project = ["--field", "project=proj_double"];
    const { code, text } = await live(
      double.adminToken,
      ...["openai", "--sandbox", "--url", double.url, "--report", report, ...project],
    );
    const written = readFileSync(report, "utf8");
    expect({ code, broken: written.match(/^## broken: .*$/gm) }).toEqual({ code: 0, broken: null });
    expect(written).toMatch(/^- [3-9]\d promises kept, 0 broken, 1 not played$/m);
    expect(written).toContain("still there: none");
    expect(written).toContain("- a new key works, and only its creation returns its secret");
    expect(text).not.toContain(double.adminToken);
    expect(double.livingKeys()).toEqual([]);
  } finally {
    await double.close();
    rmSync(directory, { recursive: true });
  }
}, 180_000);
