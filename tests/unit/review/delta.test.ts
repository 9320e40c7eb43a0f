import { describe, expect, it } from "@jest/globals";
import {
  account,
  changed,
  consumer,
  created,
  key,
  removed,
  review,
  rotatingKey,
  unchanged,
  unknown,
  urnOf,
  type Step,
} from "./support/preview-builder";

const digestOf = (steps: readonly Step[], more: Parameters<typeof review>[1] = {}): string =>
  review(steps, more).digest ?? "";
const other = (origin: string): Record<string, unknown> => ({ target: { backend: "pulsely", origin } });
const replaced = (scopes: readonly string[]): Step => changed("replace", key("ci"), key("ci", { scopes }), ["scopes"]);

describe("the digest", () => {
  it("is moved by one more scope, and by nothing unrelated", () => {
    const base = digestOf([replaced(["read:alerts", "read:checks"])]);
    expect(digestOf([replaced(["read:alerts", "read:checks", "read:metrics"])])).not.toBe(base);
    const unrelated: Step[] = [
      unchanged(consumer("app", [])),
      created(consumer("new", [])),
      unchanged(key("quiet"), key("quiet", { labels: { owner: "other" }, description: "else" })),
      changed(
        "update",
        rotatingKey("by-clock", {}, { outputs: { generation: 1 } }),
        rotatingKey("by-clock", { generation: 2, rotationReason: "due" }),
      ),
    ];
    expect(digestOf([...unrelated, replaced(["read:checks", "read:alerts", "read:checks"])])).toBe(base);
  });

  it("does not depend on the order of the steps", () => {
    const steps = [created(key("a")), created(key("b")), replaced(["read:alerts"])];
    expect(digestOf([...steps].reverse())).toBe(digestOf(steps));
  });

  it.each<[string, Step]>([
    ["another server, although the engine says same", unchanged(key("ci"), key("ci", other("https://prod.example")))],
    ["another environment", changed("replace", key("ci"), key("ci", { environment: "test" }))],
    ["another account", changed("replace", key("ci", { serviceAccountId: "a" }), key("ci", { serviceAccountId: "b" }))],
    ["a key that is new", created(key("ci"))],
    ["a key that is removed", removed(key("ci"))],
    ["scopes that cannot be read", changed("replace", key("ci"), key("ci", { scopes: unknown }))],
    [
      "an option of a key",
      changed("replace", key("ci", { options: { hosts: ["a"] } }), key("ci", { options: { hosts: ["a", "b"] } })),
    ],
    ["an option that a key loses", changed("replace", key("ci", { options: { depot: "north" } }), key("ci"))],
    ["an option of an account", changed("update", account("bot"), account("bot", { options: { group: "admins" } }))],
    ["an account's role", changed("update", account("bot", { role: "viewer" }), account("bot", { role: "admin" }))],
    [
      "an account's ceiling",
      changed(
        "update",
        account("bot", { scopes: ["read:checks"] }),
        account("bot", { scopes: ["read:alerts", "read:checks"] }),
      ),
    ],
  ])("is moved by %s", (_what, step) => {
    expect(digestOf([step, unchanged(key("anchor"))])).not.toBe(digestOf([unchanged(key("anchor"))]));
    expect(review([step, unchanged(key("anchor"))], { expectNoAccessChange: true, failOn: "never" }).exitCode).not.toBe(
      0,
    );
  });

  it("is moved where an account is replaced: whose key it will be shows in the update alone", () => {
    const linked = { propertyDependencies: { serviceAccountId: [urnOf("ServiceAccount", "bot")] } };
    const steps = [
      changed("replace", account("bot"), account("bot", { name: "b" })),
      changed(
        "replace",
        key("ci", { serviceAccountId: "id-of-bot" }, linked),
        key("ci", { serviceAccountId: unknown }, linked),
        ["serviceAccountId"],
      ),
    ];
    expect(digestOf(steps)).not.toBe(digestOf([unchanged(key("anchor"))]));
    expect(review(steps)).toMatchObject({ exitCode: 0, verdict: "access-changes" });
  });

  it("belongs to one stack: no change there is no approval here", () => {
    expect(digestOf([unchanged(key("a"))])).not.toBe(
      digestOf([], { preview: "{}", stack: "prod-eu", project: "shop" }),
    );
  });
});

describe("effective access", () => {
  it("shows what an account gains as a whole, and apart from it what a key gains inside", () => {
    const linked = { propertyDependencies: { serviceAccountId: [urnOf("ServiceAccount", "bot")] } };
    const report = review([
      unchanged(account("bot")),
      unchanged(key("one", { serviceAccountId: "id-of-bot", scopes: ["read:alerts", "read:checks"] }, linked)),
      changed(
        "replace",
        key("two", { serviceAccountId: "id-of-bot", scopes: ["read:checks"] }, linked),
        key("two", { serviceAccountId: "id-of-bot", scopes: ["read:alerts", "read:checks"] }, linked),
        ["scopes"],
      ),
    ]);
    expect(report.accounts).toMatchObject([
      { name: "bot", env: "live", gains: [], loses: [], before: ["read:alerts", "read:checks"] },
    ]);
    expect(report.keys.find(({ name }) => name === "two")).toMatchObject({ gains: ["read:alerts"], loses: [] });
    expect(report.counts.gaining).toBe(1);
  });

  it("keeps environments apart: the same scope in production is another grant", () => {
    const report = review([
      changed("replace", key("ci", { environment: "test" }), key("ci", { environment: "live" }), ["environment"]),
    ]);
    expect(report.accounts.map(({ env, gains, loses }) => ({ env, gains, loses }))).toEqual([
      { env: "live", gains: ["read:checks"], loses: [] },
      { env: "test", gains: [], loses: ["read:checks"] },
    ]);
  });

  it("gives a key without account a row of its own, and reads the account of an older state by its id", () => {
    const report = review([
      created(key("alone")),
      unchanged(account("bot")),
      unchanged(key("ci", { serviceAccountId: "id-of-bot" })),
    ]);
    expect(report.accounts.map(({ name, isAccount }) => `${name} ${isAccount}`)).toEqual(["alone false", "bot true"]);
  });

  it("takes the server that issued a key for the old one where no target was recorded", () => {
    const before = key("ci", { target: undefined });
    expect(review([unchanged(before, key("ci"))]).findings).toEqual([]);
    expect(review([unchanged(before, key("ci", other("https://prod.example")))]).exitCode).toBe(5);
  });
});
