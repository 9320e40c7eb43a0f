import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { builtInBackends } from "../../../../provider/backends";
import { completeCapabilities } from "../../../../provider/backends/define-backend";
import { vendorNamed, vendors } from "../../../../provider/vendors";
import { scopesOn, type Vendor } from "../../../../provider/vendors/vendor";

describe("What is known of the vendors", () => {
  const heavy = ["zod", "undici", "../../../../provider/http/client", "../../../../provider/backends"];
  afterEach(() => {
    for (const name of heavy) jest.dontMock(name);
    jest.resetModules();
  });

  test("is plain data: a reader of it loads no schema library, no HTTP client and no backend", () => {
    jest.resetModules();
    const loaded: string[] = [];
    for (const name of heavy)
      jest.doMock(name, () => {
        loaded.push(name);
        return {};
      });
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- what one module loads can be told only while it is loaded
    const fresh = require("../../../../provider/vendors") as typeof import("../../../../provider/vendors");
    expect(Object.keys(fresh.vendors)).toEqual(Object.keys(vendors));
    expect(loaded).toEqual([]);
    expect(JSON.parse(JSON.stringify(fresh.vendors))).toEqual(fresh.vendors);
  });

  test("is known of every built-in backend, and of nothing else", () => {
    expect(Object.keys(vendors).sort()).toEqual(Object.keys(builtInBackends).sort());
    for (const name of ["./acme.js", "constructor", "__proto__", "toString"]) expect(vendorNamed(name)).toBeUndefined();
  });

  test.each(Object.entries(vendors) as [string, Vendor][])("is what the backend %s goes by", (name, vendor) => {
    expect(vendor.name).toBe(name);
    const backend = builtInBackends[name]?.();
    expect(backend).toMatchObject({ name, capabilities: completeCapabilities(name, vendor.capabilities) });
    expect(backend?.catalogue).toEqual(vendor.catalogue);
    expect(scopesOn(vendor.capabilities) === "none").toBe(vendor.catalogue === undefined);
  });
});
