import { describe, expect, test } from "@jest/globals";
import {
  type AskedExpiry,
  type RecordedExpiry,
  resolveExpiry,
  sameInstant,
} from "../../../../../provider/resources/key/expiry";
import { compareExpiry, type ExpiryChange } from "../../../../../provider/resources/api-key/end";
import { unknownValue } from "../../../../../provider/values/wire";
import { everyday, today } from "../../support/fake-service";

const movable = { ...everyday, expiry: { support: "optional", update: true, granularityMs: 1_000 } } as const;
const fixed = everyday;

describe("the end of a new key", () => {
  test.each([
    [{}, undefined],
    [{ expiresAt: "2027-02-01T01:00:00+01:00" }, "2027-02-01T00:00:00Z"],
    [{ expiresAt: "2027-02-01T00:00:00.999Z" }, "2027-02-01T00:00:00Z"],
    [{ expiresIn: "90d" }, "2026-09-13T12:00:00Z"],
    [{ expiresIn: "30s" }, "2026-06-15T12:00:30Z"],
  ] satisfies [AskedExpiry, string | undefined][])("that was asked for as %j is %s", (asked, end) => {
    expect(resolveExpiry(asked, today)).toBe(end);
  });

  test("is never later than its life allows, so that a service's longest life can be asked for: seconds are rounded down", () => {
    expect(resolveExpiry({ expiresIn: "30s" }, today + 999)).toBe("2026-06-15T12:00:30Z");
  });
});

test("an end that a service can move and never remove: it is moved in place, and taking it away is another key's", () => {
  const { expiry } = movable;
  const rules = { expiry: { ...expiry, removable: false }, nowMs: today };
  const dated = { createdAt: "2026-05-16T12:00:00Z", expiresAt: "2027-02-01T00:00:00Z" };
  expect(compareExpiry({ expiresAt: "2027-03-01T00:00:00Z" }, dated, rules).kind).toBe("update");
  expect(compareExpiry({}, dated, rules)).toEqual({ kind: "replace", field: "expiresAt", known: "inputs" });
  expect(compareExpiry({}, dated, { ...rules, expiry })).toMatchObject({ kind: "update", expiresAt: null });
});

describe("what becomes of an existing key's end", () => {
  /** A key issued 30 days ago. */
  const createdAt = "2026-05-16T12:00:00Z";
  const ninety: RecordedExpiry = { createdAt, expiresIn: "90d", expiresAt: "2026-08-14T12:00:00Z" };
  const dated: RecordedExpiry = { createdAt, expiresAt: "2027-02-01T00:00:00Z" };
  const endless: RecordedExpiry = { createdAt };
  const update = (field: "expiresAt" | "expiresIn", expiresAt: string | null): ExpiryChange => ({
    kind: "update",
    field,
    expiresAt,
  });
  const replace = (field: "expiresAt" | "expiresIn", known: "inputs" | "outputs"): ExpiryChange => ({
    kind: "replace",
    field,
    known,
  });
  const none: ExpiryChange = { kind: "none" };

  const table: readonly (readonly [string, AskedExpiry, RecordedExpiry, ExpiryChange, ExpiryChange])[] = [
    // what happened, asked, recorded, where it can be moved, where it cannot
    ["nothing was ever asked", {}, endless, none, none],
    ["the same date is asked for", { expiresAt: "2027-02-01T00:00:00Z" }, dated, none, none],
    ["the same date is asked for in another zone", { expiresAt: "2027-02-01T05:30:00+05:30" }, dated, none, none],
    [
      "a later date is asked for",
      { expiresAt: "2027-03-01T00:00:00Z" },
      dated,
      update("expiresAt", "2027-03-01T00:00:00Z"),
      replace("expiresAt", "inputs"),
    ],
    [
      "a date is asked for where there was none",
      { expiresAt: "2027-03-01T00:00:00Z" },
      endless,
      update("expiresAt", "2027-03-01T00:00:00Z"),
      replace("expiresAt", "inputs"),
    ],
    ["the date is taken away", {}, dated, update("expiresAt", null), replace("expiresAt", "inputs")],
    [
      "the date was moved on the service",
      { expiresAt: "2027-02-01T00:00:00Z" },
      { ...dated, expiresAt: "2026-12-01T00:00:00Z", agreedExpiresAt: "2027-02-01T00:00:00Z" },
      update("expiresAt", "2027-02-01T00:00:00Z"),
      replace("expiresAt", "inputs"),
    ],
    ["the same life is asked for", { expiresIn: "90d" }, ninety, none, none],
    ["the same life is asked for in other words", { expiresIn: "2160h" }, ninety, none, none],
    [
      "a longer life is asked for: it counts from the issue",
      { expiresIn: "120d" },
      ninety,
      update("expiresIn", "2026-09-13T12:00:00Z"),
      replace("expiresIn", "inputs"),
    ],
    [
      "a shorter life is asked for, that is not over",
      { expiresIn: "60d" },
      ninety,
      update("expiresIn", "2026-07-15T12:00:00Z"),
      replace("expiresIn", "inputs"),
    ],
    [
      "a shorter life is asked for, that is over",
      { expiresIn: "20d" },
      ninety,
      replace("expiresIn", "inputs"),
      replace("expiresIn", "inputs"),
    ],
    [
      "a life is asked for where there was none",
      { expiresIn: "90d" },
      endless,
      update("expiresIn", "2026-08-14T12:00:00Z"),
      replace("expiresIn", "inputs"),
    ],
    ["the life is taken away", {}, ninety, update("expiresIn", null), replace("expiresIn", "inputs")],
    [
      "the life is over",
      { expiresIn: "20d" },
      { createdAt, expiresIn: "20d", expiresAt: "2026-06-05T12:00:00Z" },
      replace("expiresAt", "outputs"),
      replace("expiresAt", "outputs"),
    ],
    [
      "the life is over this very second",
      { expiresIn: "30d" },
      { createdAt, expiresIn: "30d", expiresAt: "2026-06-15T12:00:00Z" },
      replace("expiresAt", "outputs"),
      replace("expiresAt", "outputs"),
    ],
    [
      "a life's end was moved on the service",
      { expiresIn: "90d" },
      { ...ninety, expiresAt: "2026-12-01T00:00:00Z", agreedExpiresAt: "2026-08-14T12:00:00Z" },
      update("expiresAt", "2026-08-14T12:00:00Z"),
      replace("expiresAt", "inputs"),
    ],
    [
      "a life's end was taken away on the service",
      { expiresIn: "90d" },
      { createdAt, expiresIn: "90d", agreedExpiresAt: "2026-08-14T12:00:00Z" },
      update("expiresAt", "2026-08-14T12:00:00Z"),
      replace("expiresAt", "inputs"),
    ],
    [
      "a life that was moved on the service is over as it was agreed",
      { expiresIn: "20d" },
      { createdAt, expiresIn: "20d", expiresAt: "2027-01-01T00:00:00Z", agreedExpiresAt: "2026-06-05T12:00:00Z" },
      replace("expiresAt", "outputs"),
      replace("expiresAt", "outputs"),
    ],
    [
      "a life takes the place of a date with the same end, that is over",
      { expiresIn: "20d" },
      { createdAt, expiresAt: "2026-06-05T12:00:00Z" },
      replace("expiresIn", "inputs"),
      replace("expiresIn", "inputs"),
    ],
    ["a date takes the place of a life with the same end", { expiresAt: "2026-08-14T12:00:00Z" }, ninety, none, none],
    [
      "a life takes the place of a date with the same end",
      { expiresIn: "90d" },
      { createdAt, expiresAt: "2026-08-14T12:00:00Z" },
      none,
      none,
    ],
    ["the service has set an end by itself, and it lies ahead", {}, { ...dated, expiryImposed: true }, none, none],
    [
      "the service has set an end by itself, and it is over",
      {},
      { ...dated, expiresAt: "2026-06-01T00:00:00Z", expiryImposed: true },
      replace("expiresAt", "outputs"),
      replace("expiresAt", "outputs"),
    ],
  ];

  test.each(table)("when %s", (_title, asked, recorded, whereMovable, whereFixed) => {
    expect(compareExpiry(asked, recorded, { ...movable, nowMs: today })).toEqual(whereMovable);
    expect(compareExpiry(asked, recorded, { ...fixed, nowMs: today })).toEqual(whereFixed);
  });
});

describe("two ends are the same", () => {
  test.each([
    ["2027-02-01T00:00:00Z", "2027-02-01T00:00:00.400Z", 0, true],
    ["2027-02-01T00:00:00Z", "2027-02-01T00:00:01Z", 0, false],
    ["2027-02-01T00:00:00Z", "2027-02-01T00:00:59Z", 60_000, true],
    ["2027-02-01T00:00:00Z", "2027-02-01T00:01:00Z", 60_000, false],
    ["2027-02-01T00:00:00Z", undefined, 0, false],
    [undefined, undefined, 0, true],
    [null, undefined, 0, true],
    [unknownValue, "2027-02-01T00:00:00Z", 0, false],
  ] as const)("where %s and %s differ by less than the step of %d ms: %s", (a, b, step, expected) => {
    expect(sameInstant(a, b, step)).toBe(expected);
    expect(sameInstant(b, a, step)).toBe(expected);
  });
});
