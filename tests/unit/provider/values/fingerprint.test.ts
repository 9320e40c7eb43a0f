import { expect, test } from "@jest/globals";
import { fingerprintOf } from "../../../../provider/values/fingerprint";

test("a fingerprint is the first 16 hex of SHA-256", () => {
  expect(fingerprintOf("abc")).toBe("ba7816bf8f01cfea");
  expect(fingerprintOf("abd")).not.toBe(fingerprintOf("abc"));
});
