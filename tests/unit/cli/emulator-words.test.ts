import { execFileSync } from "node:child_process";
import { expect, test } from "@jest/globals";
import { emulatorForPeople, emulatorForShell } from "../../../cli/emulator-words";

const services = {
  pulsely: { url: "http://127.0.0.1:4010/pulsely/v1", adminToken: "ply_live_admin" },
  novavms: { url: "http://127.0.0.1:4010/api/v1", adminToken: "user-1" },
  pulseapi: { url: "http://127.0.0.1:4010/pulseapi/v1", adminToken: "1|it's a token" },
};
const running = { url: "http://127.0.0.1:4010", services };

test("A person at a terminal reads addresses, and lines to copy.", () => {
  const text = emulatorForPeople(running);
  expect(text).toContain("Pulsely   http://127.0.0.1:4010/pulsely/v1\n");
  expect(text).toContain("  export PULSELY_ADMIN_TOKEN=ply_live_admin\n");
  expect(text).not.toContain("{");
});

test("A shell that evaluates the lines has the tokens as they are, and knows whom to stop.", () => {
  const script = `${emulatorForShell(running, 4711)}\nprintf '%s\\n' "$PULSEAPI_ADMIN_TOKEN" "$NOVAVMS_ADMIN_TOKEN" "$APIKEYS_EMULATOR_PID"`;
  expect(execFileSync("bash", ["-c", script], { encoding: "utf8" })).toBe("1|it's a token\nuser-1\n4711\n");
});
