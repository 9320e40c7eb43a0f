import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { dueReport } from "../../../cli/due-report";
import { effectiveAccess } from "../../../inventory/effective-access";
import { readInventory } from "../../../inventory/read-inventory";
import { readRecordedStack } from "../../../inventory/recorded";
import { reportPage } from "../../../inventory/report-page";
import { agesOf, concernsOf, holdersByScope, holdersOf, type ReportInput } from "../../../inventory/reported-facts";
import { calendarEvents } from "../../../inventory/rotation-calendar";
import { dayMs } from "../../../provider/values/durations";
import { day, nowMs, richInventory, richState } from "./support/rich-state";

function inputOf(named?: (name: string) => string): ReportInput {
  const exported = richState(named);
  const recorded = readRecordedStack(exported);
  const inventory = readInventory(JSON.stringify(richInventory(named)));
  if (!recorded || !inventory) throw new Error("the test's state or inventory cannot be read");
  return {
    stacks: [{ recorded, waiting: dueReport(exported, nowMs, 0), writtenAt: day(-3) }],
    inventory,
    nowMs,
    maxAgeMs: 90 * dayMs,
    aheadMs: 180 * dayMs,
  };
}

describe("who may do what", () => {
  test.each([
    ["what it says", { backend: "pulsely", scopes: ["read:checks"] }, "read", false, ["read:checks"]],
    [
      "all that comes with it",
      { backend: "jupyterhub", scopes: ["read:users:name", "read:servers"] },
      "read",
      false,
      ["read:servers", "read:users:name"],
    ],
    ["every scope, and keys, for a wildcard", { backend: "pulsely", scopes: ["admin:*"] }, "admin", true, undefined],
    ["everything without scopes", { backend: "pulsely", scopes: [] }, "admin", true, undefined],
    ["nothing known without a record", { backend: "pulsely" }, "unknown", false, []],
    ["its account's scopes", { backend: "keycloak", account: { scopes: ["email"] } }, undefined, false, ["email"]],
    ["nothing known without its account", { backend: "keycloak" }, "unknown", false, []],
    [
      "the words alone of an unknown backend",
      { backend: "own", scopes: ["orders/list"] },
      "read",
      false,
      ["orders/list"],
    ],
    ["everything, keys too, for `*` of an unknown backend", { scopes: ["*"] }, "admin", true, ["*"]],
  ] as const)("is %s", (_what, holder, ...expected) => {
    const [level, mintsKeys, reach] = expected;
    const access = effectiveAccess(holder);
    if (level !== undefined) expect(access.level).toBe(level);
    expect(access.mintsKeys).toBe(mintsKeys);
    if (reach) expect([...access.held, ...access.implied].sort()).toEqual(reach);
    else expect(access.everything).toBe(true);
  });

  test("is told of every key of states and inventory, the most powerful first, and by scope", () => {
    const holders = holdersOf(inputOf());
    expect(holders.slice(0, 2).map(({ name, generation }) => [name, generation])).toEqual([
      ["made by Ana", "hand-made"],
      ["root-of-all", "current"],
    ]);
    expect(holders.find(({ name }) => name === "dashboards")).toMatchObject({
      owner: "data-team",
      consumers: ["grafana"],
    });
    expect(holders.find(({ name }) => name === "dead")?.generation).toBe("current, expired");
    // Its revocation is overdue, which is not the same as over.
    expect(holders.filter(({ name }) => name === "incident").map(({ generation }) => generation)).toContain("pending");
    expect(holders.find(({ name }) => name === "hub-admin")?.account).toBe("hub-bot");
    const byScope = new Map(holdersByScope(holders).map(([scope, who]) => [scope, who.map(({ name }) => name)]));
    expect(byScope.get("read:users:name")).toEqual(["hub-admin"]);
    expect(byScope.get("*")).toEqual(["made by Ana", "root-of-all"]);
  });
});

test("The calendar has rotations, overlaps and ends in order, the overdue included", () => {
  expect(calendarEvents(inputOf()).map(({ key, what, atMs }) => [key, what, (atMs - nowMs) / dayMs])).toEqual([
    ["root-of-all", "rotation", -5],
    ["dead", "end", -2],
    ["billing-export", "previous key ends", 6],
    ["billing-export", "rotation", 10],
    ["cameras", "end", 44],
    ["hub-admin", "rotation", 50],
    ["dashboards", "rotation", 70],
    ["hub-admin", "end", 80],
    ["incident", "rotation", 89],
  ]);
});

test("Ages stand against the limit, and what nobody knows comes first", () => {
  const ages = agesOf(inputOf());
  expect(ages[0]).toMatchObject({ key: { name: "unreadable" }, over: false });
  expect(ages.filter(({ over }) => over).map(({ key }) => key.name)).toEqual(["partner", "cameras", "root-of-all"]);
});

test("What is unknown, missing, due, too old, unused or unreadable needs attention", () => {
  expect(concernsOf(inputOf()).map(({ kind, subject }) => `${kind}: ${subject}`)).toEqual([
    "cannot be told: unreadable",
    "cannot be told: inventory",
    "unknown: billing-export-left",
    "unknown: older-2274",
    "missing: gone",
    "due: dead",
    "due: incident",
    "due: incident",
    "due: root-of-all",
    "too old: partner",
    "too old: cameras",
    "too old: root-of-all",
    "unused: made by Ana",
    "unused: partner",
  ]);
});

describe("the page", () => {
  const page = reportPage(inputOf());

  test("is the same each time, and holds no secret, hint, ciphertext or fingerprint", () => {
    expect(reportPage(inputOf())).toBe(page);
    for (const kept of ["c1ph3rt3xt", "h1nt", "f00dfeed0badcafe", "1b47"]) {
      expect(JSON.stringify([richState(), richInventory()])).toContain(kept);
      expect(page).not.toContain(kept);
    }
  });

  test("loads and runs nothing", () => {
    expect(page).not.toMatch(/<(?:script|img|link|iframe|object|embed|form)|\s(?:on\w+|src|style)=|@import|url\(/i);
    expect([...page.matchAll(/href="([^"]*)"/g)].every(([, to]) => to?.startsWith("#"))).toBe(true);
  });

  test("says that the services were not asked where there is no inventory", () => {
    const { inventory: _none, ...rest } = inputOf();
    expect(reportPage(rest)).toContain("The services were not asked.");
    expect(page).not.toContain("The services were not asked.");
  });

  test("has a page for nothing at all", () => {
    expect(reportPage({ stacks: [], nowMs, maxAgeMs: dayMs, aheadMs: dayMs })).toContain("No keys.");
  });

  test("splits the calendar where a printer would cut it", () => {
    const input = inputOf();
    const waiting = Array.from({ length: 50 }, (_, index) => ({
      ...{ name: `k${index}`, urn: `u${index}`, type: "ApiKey", connection: "x", due: [] },
      expiresAt: day(index + 1),
    }));
    const long = reportPage({ ...input, stacks: input.stacks.map((stack) => ({ ...stack, waiting })) });
    expect(long.match(/class="calendar"/g)).toHaveLength(3);
  });
});

/** What somebody who names keys, scopes, owners or stacks would try. */
const tricks = [
  ...[
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onfocus='alert(1)",
    "</title><script>",
  ],
  ...[
    "</style><style>*{display:none}",
    "<!--",
    "-->",
    "]]>",
    "<![CDATA[",
    "&#60;b&#62;",
    "&lt;script&gt;",
    "javascript:alert(1)",
  ],
  ...[
    "\u202egnp.exe",
    "\u2066a\u2069",
    "ad\u200bmin",
    "\ufeff",
    "\u00ad",
    "\u{e0041}",
    "\u3164",
    "a\u0000b",
    "a\nb",
    "\u2028",
  ],
  ...[
    "${x}",
    "`",
    "url(https://evil.example/x)",
    "@import 'https://evil.example'",
    "\ud800",
    "e\u0301\u0301\u0301\u0301",
  ],
];
const hostile = fc
  .array(fc.oneof(fc.constantFrom(...tricks), fc.string({ unit: "binary", maxLength: 12 })), {
    minLength: 1,
    maxLength: 4,
  })
  .map((parts) => parts.join(""));

/** Each kind of tag with its attributes; numbers and what our own words put into attributes do not count. */
function tagsOf(page: string): Set<string> {
  return new Set(
    [...page.matchAll(/<[^>]*>/g)].map(([tag]) =>
      tag.replace(/-?[\d.]+(?:,-?[\d.]+)*/g, "0").replace(/0(?: 0)+/g, "0"),
    ),
  );
}

test("A hostile name is text wherever it stands: no tag, no attribute, nothing invisible comes of it", () => {
  const harmless = tagsOf(reportPage(inputOf()));
  // What another order of the rows, or another level of a scope, may bring.
  const allowed = new Set([...harmless, '<span class="warn">', '<span class="good">', '<li class="implied">']);
  fc.assert(
    fc.property(hostile, (trick) => {
      const page = reportPage(inputOf((name) => `${trick}${name}${trick}`));
      expect([...tagsOf(page)].filter((tag) => !allowed.has(tag))).toEqual([]);
      expect(page.replaceAll("\n", "")).not.toMatch(
        /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u115f\u1160\u2800\u3164\uffa0]/u,
      );
      expect(page.match(/<style>/g)).toHaveLength(1);
    }),
    { numRuns: 80 },
  );
});
