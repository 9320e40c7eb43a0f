import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { pulsely } from "../../../provider/vendors/pulsely";
import { canonicalScopes } from "../../../provider/scopes";
import {
  account,
  changed,
  created,
  found,
  key,
  review,
  rotatingKey,
  unchanged,
  type State,
} from "./support/preview-builder";

/**
 * The author of a pull request writes the claims of `extraScopes`. A claim may make a scope stronger. It must never
 * hide what a key gains, or make a scope look weaker.
 */

const target = { backend: "pulsely", origin: "https://api.pulsely.io" };
const claiming = (extraScopes: unknown, scopes: readonly string[]) => ({ scopes, target: { ...target, extraScopes } });
const published = Object.keys(pulsely.catalogue.scopes);

describe("What a key gains is told, whatever the connection claims", () => {
  const makes: readonly (readonly [string, typeof key])[] = [
    ["ApiKey", key],
    ["RotatingApiKey", rotatingKey],
    ["ServiceAccount", account],
  ];
  const claims = fc
    .tuple(fc.subarray([...published, "y:z"], { minLength: 1 }), fc.constantFrom(undefined, "read", "write", "admin"))
    .map(([implies, level]) => ({ implies, ...(level === undefined ? {} : { level }) }));
  const given = fc.record({
    make: fc.constantFrom(...makes),
    before: fc.subarray(published),
    after: fc.subarray(published, { minLength: 1 }),
    old: fc.option(claims),
    next: claims,
    engine: fc.constantFrom("same", "update", "replace"),
  });

  it("and names the same gains as without the claim", () => {
    fc.assert(
      fc.property(given, ({ make: [, make], before, after, old, next, engine }) => {
        const step = (was: State, will: State) =>
          engine === "same" ? unchanged(was, will) : changed(engine === "update" ? "update" : "replace", was, will, []);
        const held = claiming(old === null ? { "x:y": {} } : { "x:y": old }, canonicalScopes(["x:y", ...before]));
        const asked = claiming({ "x:y": next }, canonicalScopes(["x:y", ...after]));
        const claimed = review([step(make("ci", held), make("ci", asked))]);
        const plain = review([step(make("ci", { scopes: before }), make("ci", { scopes: after }))]);
        fc.pre(before.length > 0 || make === account);
        const gains = ({ delta }: typeof plain) =>
          delta.flatMap((entry) => entry.gains).filter((gain) => !gain.endsWith("x:y"));
        expect(gains(claimed)).toEqual(gains(plain));
      }),
    );
  });

  it("and the digest tells two lists of scopes apart that a claim calls equal", () => {
    const claim = { "x:y": { level: "read", implies: ["write:checks"] } };
    const digest = (scopes: readonly string[]) =>
      review([changed("update", key("ci", { scopes: ["read:checks"] }), key("ci", claiming(claim, scopes)))]).digest;
    expect(digest(["x:y"])).not.toBe(digest(["write:checks", "x:y"]));
  });
});

describe("A claim makes a scope no weaker", () => {
  it.each<[string, unknown, string, string[]]>([
    ["implies what administers", { "x:y": { level: "read", implies: ["y:admin"] }, "y:admin": {} }, "x:y", ["SR028"]],
    ["implies a wildcard", { "x:y": { level: "read", implies: ["y:*"] } }, "x:y", ["SR001"]],
    [
      "implies what implies a wildcard",
      { a: { implies: ["b"] }, b: { implies: ["admin:*"] } },
      "a",
      ["SR001", "SR003"],
    ],
    ["goes in a circle", { a: { implies: ["b"] }, b: { implies: ["a", "root:x"] }, "root:x": {} }, "a", ["SR028"]],
  ])("that %s", (_what, claims, scope, rules) => {
    const report = review([created(key("ci", claiming(claims, [scope])))]);
    expect(found(report).map((each) => each.split(" ")[0])).toEqual(expect.arrayContaining(rules));
  });

  it.each([
    ["rabbitmq", "write:/:^orders", "read:/:^orders"],
    ["elasticsearch", "index:all:logs", "index:read:logs"],
  ])("whose beginning the catalogue of %s knows", (backend, strong, weak) => {
    const on = (scopes: readonly string[], extraScopes?: unknown) =>
      key("ci", {
        scopes,
        environment: undefined,
        target: { backend, origin: "https://x.example", ...(extraScopes === undefined ? {} : { extraScopes }) },
      });
    const plain = review([changed("replace", on([weak]), on([strong]), ["scopes"])]);
    const claimed = review([changed("replace", on([weak]), on([strong], { [strong]: { level: "read" } }), ["scopes"])]);
    expect(found(claimed)).toEqual(expect.arrayContaining(found(plain)));
  });

  it.each(["checks:write", "checks.delete", "editChecks", "create_checks"])(
    "that says itself that it writes: %s",
    (scope) => {
      const before = key("ci", { scopes: ["read:checks"] });
      const after = key("ci", claiming({ [scope]: { level: "read" } }, [scope]));
      expect(found(review([changed("replace", before, after, ["scopes"])]))).toContain("SR002 ci");
    },
  );
});
