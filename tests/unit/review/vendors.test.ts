import { describe, expect, test } from "@jest/globals";
import { vendors } from "../../../provider/vendors";
import { scopesOn, type Vendor } from "../../../provider/vendors/vendor";
import { account, changed, created, unchanged, review, rotatingKey, urnOf } from "./support/preview-builder";

/** A ServiceAccount, where the vendor has any, and a key, with scopes wherever the vendor puts them. */
function stackOf(vendor: Vendor, scopes: readonly string[]) {
  const { capabilities, name } = vendor;
  const on = scopesOn(capabilities);
  const target = { backend: name, origin: "https://service.example" };
  const own = capabilities.parent === "serviceAccount";
  const inAccount = { propertyDependencies: { serviceAccountId: [urnOf("ServiceAccount", "bot")] } };
  return {
    bot: own
      ? account("bot", { target, ...(capabilities.serviceAccounts?.scopes !== undefined && { scopes }) })
      : undefined,
    ci: rotatingKey(
      "ci",
      {
        target,
        environment: undefined,
        scopes: on === "key" ? scopes : undefined,
        ...(own && { serviceAccountId: "id-of-bot" }),
      },
      own ? inAccount : {},
    ),
  };
}

describe.each(Object.values(vendors) as Vendor[])("A stack with a key of $name", (vendor) => {
  const [narrow = "", other = ""] = Object.keys(vendor.catalogue?.scopes ?? {}).filter(
    (scope) => !scope.includes("*") && vendor.catalogue?.scopes[scope]?.mintsKeys !== true,
  );
  const scoped = scopesOn(vendor.capabilities) !== "none";

  test("is reviewed, by the scopes of whatever carries them", () => {
    const { bot, ci } = stackOf(vendor, [narrow]);
    const report = review([...(bot ? [unchanged(bot)] : []), created(ci)]);
    expect(report).toMatchObject({ unreviewed: [], complete: true, exitCode: 0 });
    expect(report.keys[0]?.gains).toEqual([scoped ? narrow : "account=all"]);
  });

  test("tells what the key gains when they change", () => {
    const before = stackOf(vendor, [narrow]);
    const after = stackOf(vendor, [narrow, other]);
    const report = review([
      ...(before.bot && after.bot ? [changed("update", before.bot, after.bot, ["scopes"])] : []),
      changed("update", before.ci, after.ci, ["scopes"]),
    ]);
    expect(report.unreviewed).toEqual([]);
    expect(report.accessChanged).toBe(scoped);
    if (scoped) expect(report.accounts.flatMap(({ gains }) => gains)).toContain(other);
  });
});
