import { expect, test } from "@jest/globals";
import { hashSecret, randomAlphanumeric, randomHex } from "../../../emulator/store/secrets";
import { covers } from "../../../emulator/http/service";

test("secrets have the length and the letters that were asked for, and never repeat", () => {
  const issued = Array.from({ length: 500 }, () => randomAlphanumeric(40));
  for (const secret of issued) expect(secret).toMatch(/^[A-Za-z0-9]{40}$/);
  expect(new Set(issued).size).toBe(500);
  expect(new Set(issued.join("")).size).toBe(62);
  expect(randomHex(16)).toMatch(/^[0-9a-f]{16}$/);
});

test("a secret is kept as its SHA-256", () =>
  expect(hashSecret("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));

test.each([
  [["cameras:read"], "cameras:read", undefined, true],
  [["cameras:read"], "cameras:write", undefined, false],
  [["cameras:*"], "cameras:write", undefined, true],
  [["cameras:*"], "cameras:*", undefined, true],
  [["cameras:read"], "cameras:*", undefined, false],
  [["cam:*"], "cameras:read", undefined, false],
  [["admin:*"], "cameras:read", undefined, false],
  [["admin:*"], "read:checks", "admin:*", true],
  [["*"], "monitors:read", "*", true],
  [[], "monitors:read", "*", false],
])("%j covers %s (everything is %s): %s", (held, wanted, everything, expected) =>
  expect(covers(held, wanted, everything)).toBe(expected),
);
