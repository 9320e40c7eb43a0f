import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startEmulator, type TestEmulator } from "../../testing";
import { chromium, Tab } from "./support/chromium";

const run = promisify(execFile);
const command = resolve(__dirname, "../../dist/cli/main.js");
const inspect = readFileSync(join(__dirname, "support", "inspect-page.js"), "utf8");

describe("apikeys emulator", () => {
  const scratch = mkdtempSync(join(tmpdir(), "apikeys-emulator-"));
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  test("says in a pipe where it is, in one line, and who stands in its way", async () => {
    const emulator = spawn(process.execPath, [command, "emulator", "--port", "0"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const [line] = (await once(createInterface({ input: emulator.stdout }), "line")) as [string];
      const { url } = JSON.parse(line) as { url: string };
      const second = run(process.execPath, [command, "emulator", "--port", new URL(url).port]);
      await expect(second).rejects.toMatchObject({
        code: 2,
        stderr: `apikeys emulator: ${new URL(url).host} is in use: is another emulator running? --port 0 takes a free port.\n`,
      });
    } finally {
      const ended = once(emulator, "exit");
      emulator.kill();
      await ended;
    }
  });

  test("runs in the background for a shell that evaluates what it prints, with the same tokens again from its file; a folder that it had to make for that is named", async () => {
    const data = join(scratch, "missing", "data");
    const tokens: string[] = [];
    const said: string[] = [];
    for (let round = 0; round < 2; round += 1) {
      const script = `eval "$("$0" "$1" emulator --env --port 0 --data "$2")"; echo "$APIKEYS_EMULATOR_PID $APIKEYS_EMULATOR_URL $PULSELY_ADMIN_TOKEN"`;
      const { stdout, stderr } = await run("bash", ["-c", script, process.execPath, command, data]);
      said.push(stderr);
      const [pid = "", url = "", token = ""] = stdout.trim().split(" ");
      try {
        const answer = await fetch(`${url}/pulsely/v1/api-keys`, { headers: { authorization: `Bearer ${token}` } });
        expect(answer.status).toBe(200);
        tokens.push(token);
      } finally {
        process.kill(Number(pid), "SIGTERM");
        await untilGone(url);
      }
    }
    expect(tokens[1]).toBe(tokens[0]);
    const folder = join(scratch, "missing");
    expect(said).toEqual([`apikeys emulator: made the folder ${folder}, which did not exist, for the data.\n`, ""]);
  });
});

/** The emulator closes its connections when it ends, one that waits for an answer included. */
async function untilGone(url: string): Promise<void> {
  for (;;) {
    const isThere = await fetch(`${url}/`).then(
      () => true,
      () => false,
    );
    if (!isThere) return;
  }
}

// In CI it fails: what nobody looked at is not green.
const story = chromium === undefined && !process.env.CI ? describe.skip : describe;

story("the emulator's page in Chromium (skipped where there is none on PATH)", () => {
  const hostile = "<img src=x onerror=alert(1)>";
  let tab: Tab;
  let emulator: TestEmulator;
  beforeAll(async () => {
    if (chromium === undefined) throw new Error("There is no Chromium on PATH; install Debian's package chromium.");
    emulator = await startEmulator();
    tab = await Tab.open(chromium);
  }, 60_000);
  afterAll(async () => {
    await tab?.close();
    await emulator?.close();
  });

  test("shows the keys and the requests, turns the clock, and can be read", async () => {
    const { url, adminToken } = emulator.services.pulsely;
    const created = await fetch(`${url}/api-keys`, {
      method: "POST",
      headers: { authorization: `Bearer ${adminToken}`, "content-type": "application/json" },
      body: JSON.stringify({ name: hostile, scopes: ["read:checks"], environment: "live" }),
    });
    const { key } = (await created.json()) as { key: string };
    await tab.show({ width: 1280 });
    await tab.load(`${emulator.url}/`);
    await tab.until(`document.querySelectorAll("#keys tr").length === 1`);
    const text = () => tab.evaluate<string>("document.body.innerText");
    expect(await text()).toContain(hostile);
    expect(await text()).toContain("POST /pulsely/v1/api-keys");
    expect(await text()).not.toContain(key);
    const year = new Date().getUTCFullYear();
    expect(await text()).toContain(`It is ${year}`);
    await tab.evaluate(
      `{ const form = document.getElementById("clock"); form.advance.value = "800d"; form.requestSubmit(); }`,
    );
    await tab.until(`!document.getElementById("now").textContent.startsWith("${year}")`);
    for (const screen of [{ width: 1280 }, { width: 400 }, { width: 400, dark: true }]) {
      await tab.show(screen);
      expect(await tab.evaluate(inspect)).toMatchObject({ sidewaysBy: 0, unnamed: [], faint: [], duplicateIds: [] });
    }
  });
});
