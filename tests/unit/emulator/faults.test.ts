import { describe, expect, test } from "@jest/globals";
import { readFault } from "../../../emulator/control/read-fault";
import { Faults } from "../../../emulator/http/faults";
import { Fields } from "../../../emulator/http/fields";

const fault = (input: Record<string, unknown>) => readFault(new Fields(input), ["pulsely", "novavms", "pulseapi"]);

describe("ordered faults", () => {
  test("hit what they name, as often as they say", () => {
    const faults = new Faults();
    faults.add(fault({ kind: "truncate", service: "pulsely", method: "post", path: "/api-keys$", times: 2 }));
    const kindOf = (...request: ["pulsely" | "novavms", string, string]) => faults.take(...request)?.kind;
    expect(kindOf("novavms", "POST", "/pulsely/v1/api-keys")).toBeUndefined();
    expect(kindOf("pulsely", "GET", "/pulsely/v1/api-keys")).toBeUndefined();
    expect(kindOf("pulsely", "POST", "/pulsely/v1/api-keys/key_1")).toBeUndefined();
    expect(kindOf("pulsely", "POST", "/pulsely/v1/api-keys")).toBe("truncate");
    expect(kindOf("pulsely", "POST", "/pulsely/v1/api-keys")).toBe("truncate");
    expect(kindOf("pulsely", "POST", "/pulsely/v1/api-keys")).toBeUndefined();
  });

  test("hit one request each, in the order in which they were given", () => {
    const faults = new Faults();
    faults.add(fault({ kind: "delay" }));
    faults.add(fault({ kind: "garbage" }));
    expect([1, 2, 3].map(() => faults.take("pulsely", "GET", "/")?.kind)).toEqual(["delay", "garbage", undefined]);
  });

  test.each<[Record<string, unknown>, RegExp]>([
    [{}, /^kind is required/],
    [{ kind: "explode" }, /^kind must be one of status, drop-before/],
    [{ kind: "status", sevice: "pulsely" }, /^sevice is not a known field/],
    [{ kind: "status", service: "other" }, /^service must be one of/],
    [{ kind: "status", status: 99 }, /^status must be a whole number from 200 to 599/],
    [{ kind: "status", times: 0 }, /^times must be/],
    [{ kind: "status", path: "(" }, /^path must be a regular expression/],
    [{ kind: "status", headers: { a: "b\r\nc" } }, /^headers holds "a"/],
    [{ kind: "status", headers: ["a"] }, /^headers must be an object/],
    [{ kind: "delay", delayMs: -1 }, /^delayMs must be/],
    [{ kind: "drop-before", status: 500 }, /^status has no meaning for drop-before/],
  ])("%j is refused", (input, message) => expect(() => fault(input)).toThrow(message));
});
