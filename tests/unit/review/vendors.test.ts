import { describe, expect, test } from "@jest/globals";
import { vendors } from "../../../provider/vendors";
import { scopesOn, type Vendor } from "../../../provider/vendors/vendor";
import { account, changed, created, found, unchanged, review, rotatingKey, urnOf } from "./support/preview-builder";

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

/** What gives its holder all of a service, or a key of somebody else's, is called so. */
describe("The power that a service gives", () => {
  const on = (backend: string, scope: string) =>
    rotatingKey("ci", {
      target: { backend, origin: "https://service.example" },
      environment: undefined,
      scopes: [scope],
    });

  test.each([
    ["rabbitmq", "administrator"],
    ["rabbitmq", "read:/:.*"],
    ["rabbitmq", "write:/:^.*$"],
    ["rabbitmq", "configure:/:.+"],
    ["rabbitmq", "read:/:."],
    ["rabbitmq", "read:/:^"],
    ["rabbitmq", "read:/:(x)?"],
    ["rabbitmq", "read:/:orders|.*"],
    ["rabbitmq", "read:/:^[\\w.-]+$"],
    ["rabbitmq", "read:/:\\A(.|x)"],
    ["rabbitmq", "read:/:(?i)[a-z]?"],
    ["elasticsearch", "index:all:*"],
    ["elasticsearch", "index:read:**"],
    ["elasticsearch", "index:read:?*"],
    ["elasticsearch", "index:read:/.+/"],
    ["elasticsearch", "index:read:/@/"],
  ])("%s: %s is a wildcard", (backend, scope) => {
    expect(found(review([created(on(backend, scope))]))).toContain("SR001 ci");
  });

  test.each([
    ["rabbitmq", "read:/:^orders\\."],
    ["rabbitmq", "write:/:^(orders|answers)$"],
    ["rabbitmq", "configure:/:^$"],
    ["elasticsearch", "index:read:logs-shop-*"],
    ["elasticsearch", "index:read:/logs-[0-9]+/"],
  ])("%s: %s is none", (backend, scope) => {
    expect(found(review([created(on(backend, scope))]))).not.toContain("SR001 ci");
  });

  test.each([
    ["rabbitmq", "impersonator"],
    ["datadog", "api_keys_read"],
    ["datadog", "org_app_keys_read"],
    ["datadog", "org_management"],
    ["sendgrid", "teammates.create"],
  ])("%s: %s administers", (backend, scope) => {
    expect(found(review([created(on(backend, scope))]))).toContain("SR028 ci");
  });

  test.each([
    ["grafana", "Admin"],
    ["zabbix", "Super admin role"],
    ["zabbix", "Admin role"],
    ["openai", "owner"],
    ["novavms", "admin"],
    ["datadog", "3653d3c6-0c75-11ea-ad28-fb5701eabc7d"],
  ])("%s: the role %s administers, or does not say what it gives", (backend, role) => {
    const bot = account("bot", { target: { backend, origin: "https://service.example" }, role });
    expect(found(review([created(bot)]))).toContain("SR028 bot");
  });
});

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
