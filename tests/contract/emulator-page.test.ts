import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";
import { startEmulator } from "../../testing/emulator";

const page = readFileSync(resolve(__dirname, "../../docs/emulator.md"), "utf8");

test("The control calls of docs/emulator.md, word for word", async () => {
  const emulator = await startEmulator();
  try {
    const [, block = ""] = /```sh\n(.*?)```/s.exec(page) ?? [];
    const env = { PATH: process.env.PATH, APIKEYS_EMULATOR_URL: emulator.url };
    const { stdout } = await promisify(execFile)("bash", ["-euc", block.replaceAll("\n", "; echo\n")], { env });
    const [keys, clock, faults, limits, reset] = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(keys).toHaveProperty("keys");
    expect(Date.parse(String(clock?.now)) - Date.now()).toBeGreaterThan(30 * 86_400_000);
    expect(faults).toMatchObject({ faults: [{ kind: "drop-after-commit", method: "POST" }] });
    expect(limits).toMatchObject({ limits: { pulsely: null } });
    expect(reset).toEqual({});
  } finally {
    await emulator.close();
  }
});
