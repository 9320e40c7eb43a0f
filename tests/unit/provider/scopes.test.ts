import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { jupyterhub } from "../../../provider/vendors/jupyterhub";
import { novavms } from "../../../provider/vendors/novavms";
import { pulseapi } from "../../../provider/vendors/pulseapi";
import { pulsely } from "../../../provider/vendors/pulsely";
import {
  accessDelta,
  canIssueKeys,
  canonicalScopes,
  covers,
  essentialScopes,
  extraScopesOf,
  isKnownScope,
  isWildcard,
  nearestScope,
  nearestWord,
  otherAccess,
  sameAccess,
  type ScopeCatalogue,
  scopeLevel,
  withExtraScopes,
} from "../../../provider/scopes";

const names = ["a:read", "a:write", "a:*", "b:read", "b:write", "admin:*", "*"] as const;
const list = fc.array(fc.constantFrom(...names), { maxLength: 8 });
/** Any catalogue: implications may be many, circular, or of scopes that are not listed. */
const anyCatalogue: fc.Arbitrary<ScopeCatalogue> = fc
  .array(fc.tuple(fc.constantFrom(...names), fc.array(fc.constantFrom(...names), { maxLength: 3 })), { maxLength: 7 })
  .map((entries) => ({ scopes: Object.fromEntries(entries.map(([name, implies]) => [name, { implies }])) }));

describe("the canonical form of a scope list", () => {
  test("is sorted and without repeats", () => {
    expect(canonicalScopes(["write:x", "read:x", "write:x"])).toEqual(["read:x", "write:x"]);
  });

  test("of a canonical list is the list itself, whatever the words", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (scopes) => {
        expect(canonicalScopes(canonicalScopes(scopes))).toEqual(canonicalScopes(scopes));
      }),
    );
  });

  test("is the same for every order of the same scopes", () => {
    fc.assert(
      fc.property(
        list.chain((scopes) =>
          fc.tuple(fc.constant(scopes), fc.shuffledSubarray(scopes, { minLength: scopes.length })),
        ),
        ([scopes, shuffled]) => {
          expect(canonicalScopes(shuffled)).toEqual(canonicalScopes(scopes));
        },
      ),
    );
  });
});

describe("what a scope gives", () => {
  test.each([
    [["admin:*"], "read:checks", true],
    [["admin:*"], "admin:*", true],
    [["write:checks"], "read:checks", false],
    [["read:checks"], "admin:*", false],
    [[], "read:checks", false],
  ] as const)("at Pulsely %j gives %s: %s", (held, scope, expected) => {
    expect(covers(pulsely.catalogue, held, scope)).toBe(expected);
  });

  test.each([
    [["cameras:*"], "cameras:read", true],
    [["cameras:*"], "events:read", false],
    [["cameras:read"], "cameras:*", false],
  ] as const)("at NovaVMS %j gives %s: %s", (held, scope, expected) => {
    expect(covers(novavms.catalogue, held, scope)).toBe(expected);
  });

  test("passes from one implication to the next, and ends where they go in a circle", () => {
    const circular = {
      scopes: { "a:x": { implies: ["b:x"] }, "b:x": { implies: ["c:x"] }, "c:x": { implies: ["a:x"] }, "d:x": {} },
    };
    expect(covers(circular, ["a:x"], "c:x")).toBe(true);
    expect(covers(circular, ["a:x"], "d:x")).toBe(false);
    expect(essentialScopes(circular, ["c:x", "b:x", "a:x"])).toEqual(["a:x"]);
  });

  test("is never less for a longer list", () => {
    fc.assert(
      fc.property(anyCatalogue, list, list, fc.constantFrom(...names), (catalogue, held, more, scope) => {
        fc.pre(covers(catalogue, held, scope));
        expect(covers(catalogue, [...more, ...held], scope)).toBe(true);
      }),
    );
  });
});

describe("the essential scopes", () => {
  test("leave out what another scope of the list gives", () => {
    expect(essentialScopes(pulsely.catalogue, ["read:checks", "admin:*", "write:checks"])).toEqual(["admin:*"]);
  });

  test("are some of the list, and give the same access as the whole of it", () => {
    fc.assert(
      fc.property(anyCatalogue, list, (catalogue, scopes) => {
        const essential = essentialScopes(catalogue, scopes);
        expect(canonicalScopes(scopes)).toEqual(expect.arrayContaining(essential));
        expect(sameAccess(catalogue, essential, scopes)).toBe(true);
      }),
    );
  });

  test("cannot be shortened any further", () => {
    fc.assert(
      fc.property(anyCatalogue, list, (catalogue, scopes) => {
        const essential = essentialScopes(catalogue, scopes);
        for (const scope of essential) {
          expect(
            covers(
              catalogue,
              essential.filter((other) => other !== scope),
              scope,
            ),
          ).toBe(false);
        }
      }),
    );
  });
});

describe("the difference between two lists", () => {
  test("names what is gained and what is lost, in the fewest words", () => {
    expect(accessDelta(pulsely.catalogue, ["read:checks", "read:alerts"], ["admin:*", "read:checks"])).toEqual({
      gains: ["admin:*"],
      loses: [],
    });
    expect(accessDelta(pulsely.catalogue, ["admin:*"], ["read:checks"])).toEqual({ gains: [], loses: ["admin:*"] });
  });

  test("seen from the other side is the same with gains and losses swapped", () => {
    fc.assert(
      fc.property(anyCatalogue, list, list, (catalogue, before, after) => {
        const there = accessDelta(catalogue, before, after);
        const back = accessDelta(catalogue, after, before);
        expect(back).toEqual({ gains: there.loses, loses: there.gains });
      }),
    );
  });

  test("is nothing exactly where both give the same access", () => {
    fc.assert(
      fc.property(anyCatalogue, list, list, (catalogue, before, after) => {
        const { gains, loses } = accessDelta(catalogue, before, after);
        expect(gains.length + loses.length === 0).toBe(sameAccess(catalogue, before, after));
      }),
    );
  });
});

describe("how much a scope can do", () => {
  test.each([
    ["read:checks", "read"],
    ["cameras:list", "read"],
    ["write:checks", "write"],
    ["checks:run", "write"],
    ["anything", "write"],
    ["cameras:*", "admin"],
    ["billing:manage", "admin"],
    ["project.owner", "admin"],
  ] as const)("%s counts as %s", (scope, level) => {
    expect(scopeLevel(undefined, scope)).toBe(level);
  });

  test("is what the catalogue says, whatever the words", () => {
    expect(scopeLevel({ scopes: { "read:secrets": { level: "admin" } } }, "read:secrets")).toBe("admin");
  });

  test.each([
    [pulsely.catalogue, "admin:*", true],
    [pulsely.catalogue, "write:checks", false],
    [pulseapi.catalogue, "*", true],
    [novavms.catalogue, "cameras:*", false],
  ] as const)("tells who can make further keys (%#)", (catalogue, scope, expected) => {
    expect(canIssueKeys(catalogue, scope)).toBe(expected);
  });
});

describe("the words of a catalogue", () => {
  test("are all there is where it is closed, and examples where it is open", () => {
    expect(isKnownScope(pulsely.catalogue, "read:checks")).toBe(true);
    expect(isKnownScope(pulsely.catalogue, "read:everything")).toBe(false);
    expect(isKnownScope(pulsely.catalogue, "toString")).toBe(false);
    expect(isKnownScope(novavms.catalogue, "recordings:export")).toBe(true);
    expect(isKnownScope(novavms.catalogue, "Recordings Export")).toBe(false);
  });

  test.each(["*", "admin:*", "orders.*", "cameras/*"])("know %s as a wildcard", (scope) => {
    expect(isWildcard(undefined, scope)).toBe(true);
  });

  test("know a scope that implies everything as a wildcard, and no other", () => {
    expect(isWildcard({ scopes: { root: { implies: ["*"] } } }, "root")).toBe(true);
    expect(isWildcard({ scopes: { root: { implies: ["a:read"] } } }, "root")).toBe(false);
  });

  test.each([
    ["read:cheks", "read:checks"],
    ["checks:read", "read:checks"],
    ["write:alert", "write:alerts"],
    ["frobnicate", undefined],
  ])("are suggested for %s: %s", (written, meant) => {
    expect(nearestScope(pulsely.catalogue, written)).toBe(meant);
  });

  test("suggest nothing where there is nothing", () => {
    expect(nearestWord("scopes", [])).toBeUndefined();
  });
});

describe("a scope with a limit", () => {
  test.each([
    ["read:users", "read:users!group=analysts", true],
    ["read:users", "read:users:name!group=analysts", true],
    ["read:users!group=analysts", "read:users:name!group=analysts", true],
    ["read:users!group=analysts", "read:users", false],
    ["read:users!group=analysts", "read:users!group=admins", false],
    ["read:users!group=analysts", "read:users:name", false],
    ["inherit", "tokens!user=ci-bot", true],
  ])("%s covers %s: %s", (held, scope, expected) => {
    expect(covers(jupyterhub.catalogue, [held], scope)).toBe(expected);
  });

  test("is narrower than the same one without, and not another one", () => {
    expect(accessDelta(jupyterhub.catalogue, ["read:users"], ["read:users!user=ci-bot"])).toEqual({
      gains: [],
      loses: ["read:users"],
    });
  });

  test("mints keys where its name does, and is as strong as its name, whatever the limit is called", () => {
    expect(canIssueKeys(jupyterhub.catalogue, "tokens!user=ci-bot")).toBe(true);
    expect(canIssueKeys(jupyterhub.catalogue, "read:tokens!user=ci-bot")).toBe(false);
    expect(scopeLevel(jupyterhub.catalogue, "read:users!user=admin")).toBe("read");
    expect(scopeLevel(jupyterhub.catalogue, "self!user=ci-bot")).toBe("admin");
  });

  test("is known by its name, and found by a name that is nearly right", () => {
    expect(isKnownScope(jupyterhub.catalogue, "custom:reports:read!user=ci-bot")).toBe(true);
    expect(isKnownScope(jupyterhub.catalogue, "read:user!user=ci-bot")).toBe(false);
    expect(nearestScope(jupyterhub.catalogue, "read:user!user=ci-bot")).toBe("read:users!user=ci-bot");
  });
});

describe("what a connection says of scopes that the catalogue lacks", () => {
  const extended = withExtraScopes(pulsely.catalogue, {
    "reports:export": { level: "read", implies: ["read:alerts"] },
    "admin:billing": { level: "read" },
    "tokens:create": { level: "read" },
    "read:alerts": { level: "admin", implies: ["admin:*"] },
  });

  test("makes them scopes, with that level and what they imply", () => {
    expect(isKnownScope(pulsely.catalogue, "reports:export")).toBe(false);
    expect(extended && isKnownScope(extended, "reports:export")).toBe(true);
    expect(scopeLevel(pulsely.catalogue, "reports:export")).toBe("write");
    expect(scopeLevel(extended, "reports:export")).toBe("read");
    expect(covers(extended, ["reports:export"], "read:alerts")).toBe(true);
    expect(extended && nearestScope(extended, "reports:exprot")).toBe("reports:export");
  });

  test("talks no word down that says itself that it administers or makes keys", () => {
    expect(scopeLevel(extended, "admin:billing")).toBe("admin");
    expect(canIssueKeys(extended, "tokens:create")).toBe(true);
  });

  test("changes nothing of a scope that the catalogue knows", () => {
    expect(scopeLevel(extended, "read:alerts")).toBe(scopeLevel(pulsely.catalogue, "read:alerts"));
    expect(isWildcard(extended, "read:alerts")).toBe(false);
    expect(withExtraScopes(pulsely.catalogue, { "read:alerts": {} })).toBe(pulsely.catalogue);
  });

  test("is named for the scopes that need it, and for what they bring along", () => {
    const chain = withExtraScopes(pulsely.catalogue, { a: { implies: ["b"] }, b: { level: "read" }, c: {} });
    expect(extraScopesOf(chain, ["a", "read:alerts"])).toEqual({ a: { implies: ["b"] }, b: { level: "read" } });
    expect(extraScopesOf(chain, ["read:alerts"])).toBeUndefined();
    expect(extraScopesOf(pulsely.catalogue, ["a"])).toBeUndefined();
  });
});

test("words of an open catalogue have the level of their longest known beginning", () => {
  const open = { pattern: "", example: "project:x", levels: { "project:": "read", "project:prod:": "write" } } as const;
  const catalogue: ScopeCatalogue = { scopes: {}, open };
  expect(
    ["project:x", "project:prod:x", "other:x", "project:admin"].map((word) => scopeLevel(catalogue, word)),
  ).toEqual(["read", "write", "write", "admin"]);
});

test("A limit comes back with the name that it stands for, and another limit is less.", () => {
  const given = ["read:users!user=ci-bot", "read:users:name!user=ci-bot"];
  expect(otherAccess(jupyterhub.catalogue, ["read:users!user"], given)).toEqual({ lacks: [], more: [] });
  expect(otherAccess(jupyterhub.catalogue, ["read:users!group=analysts"], given).lacks).toEqual([
    "read:users!group=analysts",
  ]);
  expect(otherAccess(jupyterhub.catalogue, ["read:users"], given).lacks).toEqual(["read:users"]);
});
