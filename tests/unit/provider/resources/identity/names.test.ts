import { describe, expect, test } from "@jest/globals";
import {
  logicalName,
  sameName,
  stackMark,
  suffixLength,
  usualNames,
} from "../../../../../provider/resources/identity/names";
import { origin } from "../../support/fake-service";

describe("a name on the service", () => {
  test("is the prefix, four characters of the stack, and six that are drawn", () => {
    expect(usualNames.physicalName("export", origin).slice(0, -6)).toBe(`export-${stackMark(origin)}`);
    expect(usualNames.physicalName("export", origin)).toMatch(/^export-[0-9a-f]{10}$/);
    expect(usualNames.physicalName("export", origin)).toHaveLength("export".length + suffixLength);
  });

  test("is another one at every draw, so that two generations can stand side by side", () => {
    expect(new Set(Array.from({ length: 50 }, () => usualNames.physicalName("export", origin))).size).toBe(50);
  });

  test("tells stacks apart, and not the resources of one", () => {
    expect(stackMark("acme/billing/dev/export")).toBe(stackMark("acme/billing/dev/import"));
    expect(stackMark("acme/billing/dev/export")).not.toBe(stackMark("acme/billing/prod/export"));
    expect(stackMark("acme/billing/dev/export")).not.toBe(stackMark("acme/orders/dev/export"));
    expect(stackMark("acme/billing/dev/export")).not.toBe(stackMark("other/billing/dev/export"));
  });

  test.each([
    ["export-12ab34cd56", true],
    ["a-b-12ab34cd56", true],
    ["export", false],
    // A service may keep names in capitals only, or cut blanks off.
    ["EXPORT-12AB34CD56", true],
    ["export-12ab34cd56 ", true],
    ["export_12ab34cd56", false],
    ["export-12ab34cd5", false],
    ["export-12ab34cd56-old", false],
  ])("is recognised as ours by its end: %s, %s", (name, expected) => {
    expect(usualNames.hasMarkerForm(name)).toBe(expected);
  });
});

test("a logical name may hold slashes", () => {
  expect(logicalName("acme/billing/dev/team/export")).toBe("team/export");
});

describe("a rename", () => {
  test("changes the prefix and keeps the marker", () => {
    expect(usualNames.renamed("import", "export-12ab34cd56")).toBe("import-12ab34cd56");
    expect(usualNames.newPhysicalName({ name: "import", origin }, "export-12ab34cd56")).toBe("import-12ab34cd56");
  });

  test("to no name takes the resource's own", () => {
    expect(usualNames.newPhysicalName({ origin }, "import-12ab34cd56")).toBe("export-12ab34cd56");
  });

  test("of an exact name is verbatim, although the old one looks like one of ours", () => {
    expect(usualNames.newPhysicalName({ name: "import", exactName: true, origin }, "export-12ab34cd56")).toBe("import");
  });
});

describe("two names are the same", () => {
  test.each([
    [
      "where neither is given, whatever the resource is called",
      { origin },
      { origin: "acme/billing/dev/renamed" },
      true,
    ],
    ["where the resource's own is written out", { origin }, { name: "export", origin }, true],
    ["where the resource's own is no longer written out", { name: "export", origin }, { origin }, true],
    ["but not where another one is given", { name: "export", origin }, { name: "import", origin }, false],
    [
      "but not where it is taken away, and the resource is called otherwise",
      { name: "import", origin },
      { origin },
      false,
    ],
  ])("%s", (_title, olds, news, expected) => {
    expect(sameName(olds, news)).toBe(expected);
  });
});
