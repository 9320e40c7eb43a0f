import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import * as fc from "fast-check";
import { digestOf } from "../../../review/digest";
import { contradictionIn, readReport } from "../../../review/read-report";
import { tablesOf } from "../../../review/report-tables";
import { safeJson } from "../../../review/render/json";
import type { Report } from "../../../review/report";
import {
  account,
  changed,
  created,
  key,
  removed,
  review,
  rotatingKey,
  unchanged,
  unknown,
  type State,
  type Step,
} from "./support/preview-builder";

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/**
 * What nobody can tell from the delta, as `docs/review.md` lists it: the reader of a comment has to take it from the job
 * that wrote the report. `*` stands for any index.
 */
const untold = [
  "part",
  "complete",
  "failOn",
  "lock",
  "notes",
  "reviewedOn",
  "expectedNoAccessChange",
  "accounts.*.owner",
  "keys.*.op",
  "keys.*.reason",
  "keys.*.order",
  "keys.*.createdAt",
  "keys.*.expiresAt",
  "keys.*.nextRotationAt",
  "keys.*.oldValidUntil",
  "keys.*.consumers",
  "keys.*.updatedConsumers",
  "findings.*.level",
  "findings.*.waived",
  "findings.*.rule",
  "findings.*.message",
  "findings.*.urn",
  "findings.*.location",
  "findings.*.waiver",
  "findings.*.existing",
  "findings.*.fingerprint",
  "kept",
  "catalogues",
  "approved",
];

const odd = [
  "ci",
  "a b",
  "x::y",
  "`|`",
  "\u202eabc",
  'q"uote',
  "a⟨sha256:00⟩",
  "ghp_0123456789abcdefghij0123456789abcdef",
];
const scopes = ["x:read", "read:checks", "write:checks", "read:alerts", "admin:*", "*"];

const steps = fc
  .array(
    fc.record({
      name: fc.integer({ min: 0, max: odd.length - 1 }),
      op: fc.constantFrom("create", "same", "update", "replace", "delete"),
      kind: fc.constantFrom("key", "rotating", "account"),
      before: inputs(),
      after: inputs(),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((all) => {
    const seen = new Set<string>();
    return all.flatMap(({ name, op, kind, before, after }, index): Step[] => {
      const called = `${odd[name] ?? ""}${kind}`;
      if (seen.has(called)) return [];
      seen.add(called);
      const of = (given: Record<string, unknown>): State => stateOf(kind, called, given);
      switch (op) {
        case "create":
          return [created(of(after))];
        case "delete":
          return [removed(of(before))];
        case "same":
          return [unchanged(of(before))];
        default:
          return [changed(index % 2 ? "update" : "replace", of(before), of(after), ["scopes"])];
      }
    });
  });

function inputs(): fc.Arbitrary<Record<string, unknown>> {
  return fc.record({
    scopes: fc.oneof(
      { weight: 9, arbitrary: fc.subarray(scopes, { minLength: 1 }) },
      { weight: 1, arbitrary: fc.constant(unknown) },
    ),
    environment: fc.constantFrom("live", "test"),
    connection: fc.constantFrom("default", "eu"),
    target: fc.constantFrom(
      { backend: "pulsely", origin: "https://api.pulsely.io" },
      { backend: "pulsely", origin: "https://eu.pulsely.io" },
      {
        backend: "pulsely",
        origin: "https://api.pulsely.io",
        extraScopes: { "x:read": { level: "read", implies: ["write:checks"] } },
      },
    ),
    options: fc.constantFrom(
      undefined,
      undefined,
      { project: "a" },
      { hosts: ["b", "a"], role: "admin", by: { x: "`|`" } },
    ),
    adopt: fc.constantFrom(undefined, undefined, { keyId: "77aa" }, { keyId: "`|`" }),
    revokeOnDestroy: fc.constantFrom(undefined, true),
    expiresIn: fc.constantFrom("30d", "365d", undefined),
    rotateEvery: fc.constantFrom("30d", "60d"),
    serviceAccountId: fc.constantFrom(undefined, "id-of-ciaccount", "id-of-a stranger"),
    role: fc.constantFrom("viewer", "admin"),
  });
}

function stateOf(kind: string, name: string, given: Record<string, unknown>): State {
  const { role, rotateEvery, scopes: asked, serviceAccountId, expiresIn, ...place } = given;
  const accountId = (place.adopt as { readonly keyId: string } | undefined)?.keyId;
  const adopt = accountId === undefined ? undefined : { accountId };
  if (kind === "account") return account(name, { role, ...place, adopt, environment: undefined });
  const common = { scopes: asked, serviceAccountId, ...place };
  return kind === "key" ? key(name, { ...common, expiresIn }) : rotatingKey(name, { ...common, rotateEvery });
}

describe("a report", () => {
  it("that the review wrote is read back as it was, whatever the program is called", () => {
    fc.assert(
      fc.property(steps, (given) => {
        const report = review(given);
        expect(readReport(safeJson(report))).toEqual({ report: JSON.parse(JSON.stringify(report)) as unknown });
      }),
      { numRuns: 100 },
    );
  });

  it("in which anything was changed is refused, but for what the documents name", () => {
    const accepted = new Set<string>();
    fc.assert(
      fc.property(steps, fc.infiniteStream(fc.nat()), (given, draw) => {
        const report = JSON.parse(safeJson(review(given))) as Report;
        for (const forged of forgeries(report as unknown as Json, draw)) {
          const read = readReport(JSON.stringify(forged.report));
          if ("report" in read) accepted.add(forged.path);
        }
      }),
      { numRuns: 6 },
    );
    const open = [...accepted].filter(
      (path) => !untold.some((known) => path === known || path.startsWith(`${known}.`)),
    );
    expect(open).toEqual([]);
  });

  it("whose gains or losses are not those of its two sides is refused, though all else follows from them", () => {
    fc.assert(
      fc.property(steps, fc.constantFrom("gains", "loses"), fc.nat(), (given, list, at) => {
        const report = review(given);
        const entry = report.delta[at % Math.max(1, report.delta.length)];
        fc.pre(entry !== undefined && entry[list].length > 0 && report.digest !== null);
        const delta = report.delta.map((each) => (each === entry ? { ...each, [list]: [] } : each));
        const forged = following({ ...report, delta });
        expect(contradictionIn(forged)).toBe("the gains and losses do not follow from the two sides");
      }),
      { numRuns: 60 },
    );
  });

  it("of no change cannot bear the digest of a change, nor the other way round", () => {
    const gain = review([created(key("ci")), unchanged(key("old"))]);
    const quiet = review([unchanged(key("ci")), unchanged(key("old"))]);
    for (const [shown, true_] of [
      [quiet, gain],
      [gain, quiet],
    ] as const) {
      expect(contradictionIn({ ...shown, digest: true_.digest })).toBe("the digest is not that of its delta");
      expect(contradictionIn({ ...shown, digest: true_.digest, delta: true_.delta })).toBeDefined();
    }
  });

  it.each(["SR001", "SR003", "SR021", "SR024", "SR002", "SR015"] as const)("without its %s is refused", (rule) => {
    const cases = {
      SR001: created(key("ci", { scopes: ["admin:*"] })),
      SR003: created(key("ci", { scopes: ["admin:*"] })),
      SR002: changed("replace", key("ci"), key("ci", { scopes: ["write:checks"] }), ["scopes"]),
      SR015: created(key("ci", { scopes: unknown })),
      SR024: created(key("eu", { connection: "eu", target: { backend: "pulsely", origin: "https://eu.pulsely.io" } })),
      SR021: changed(
        "replace",
        key("ci"),
        key("ci", { target: { backend: "pulsely", origin: "https://else.example" } }),
      ),
    };
    const report = review([cases[rule], unchanged(key("anchor"))], { failOn: "never" });
    expect(report.findings.map((finding) => finding.rule)).toContain(rule);
    const forged = withFindings(report, (found) => found.filter((finding) => finding.rule !== rule));
    expect(contradictionIn(forged)).toBe(`a finding of ${rule} is missing`);
  });

  it("lists in docs/review.md exactly what nobody can tell from the delta", () => {
    const text = readFileSync(join(__dirname, "../../../docs/review.md"), "utf8");
    const [, list = ""] = /<!-- untold -->\n([^]*?)\n<!-- \/untold -->/.exec(text) ?? [];
    expect([...list.matchAll(/`([a-zA-Z.*]+)`/g)].map(([, name]) => name).sort()).toEqual([...untold].sort());
  });
});

/** The report with everything made to fit its delta. */
function following(report: Report): Report {
  const keys = new Map(report.keys.map((each) => [each.urn, each]));
  const owners = new Map(report.accounts.map(({ urn, env, owner }) => [JSON.stringify([urn, env]), owner]));
  const tables = tablesOf(report, report.findings, {
    nowMs: Date.parse(`${report.reviewedOn ?? ""}T00:00:00Z`),
    ownerOf: ({ urn, environment = null }) => owners.get(JSON.stringify([urn, environment])) ?? null,
    keyOf: (urn) => keys.get(urn),
  });
  return { ...report, ...tables, digest: digestOf(report) };
}

/** The report with other findings, and everything that follows from findings made to fit. */
function withFindings(report: Report, change: (findings: Report["findings"]) => Report["findings"]): Report {
  const findings = change(report.findings);
  const level = (wanted: string): number =>
    findings.filter((finding) => !finding.waived && finding.level === wanted).length;
  const counts = { ...report.counts, block: level("block"), warn: level("warn"), info: level("info") };
  const accounts = report.accounts.map((row) => {
    const about = findings.filter(({ urn, rule }) => urn === row.urn || ["SR021", "SR024"].includes(rule));
    const level_ = (["block", "warn", "info"] as const).find((each) => about.some((finding) => finding.level === each));
    return { ...row, rules: [...new Set(about.map(({ rule }) => rule))].sort(), level: level_ ?? ("none" as const) };
  });
  return { ...report, findings, counts, accounts };
}

interface Forgery {
  /** Where something was changed, with `*` for indexes. */
  readonly path: string;
  readonly report: Json;
}

/** One change at each place of a report, and each element of each list taken out. */
function* forgeries(report: Json, draw: Iterator<number>): Generator<Forgery> {
  for (const { path, steps: at } of places(report, [], "")) {
    const copy = structuredClone(report);
    const holder = at.slice(0, -1).reduce<Json>((value, step) => (value as Record<string, Json>)[step] ?? null, copy);
    const last = at.at(-1) ?? "";
    const old = (holder as Record<string, Json>)[last] ?? null;
    if (Array.isArray(holder)) {
      const shorter = structuredClone(report);
      const list = at
        .slice(0, -1)
        .reduce<Json>((value, step) => (value as Record<string, Json>)[step] ?? null, shorter);
      (list as Json[]).splice(Number(last), 1);
      yield { path: path.slice(0, path.lastIndexOf(".")), report: shorter };
    }
    const other = changedValue(old, Number(draw.next().value));
    if (other === undefined || JSON.stringify(other) === JSON.stringify(old)) continue;
    (holder as Record<string, Json>)[last] = other;
    yield { path, report: copy };
  }
}

function* places(value: Json, steps: string[], path: string): Generator<{ path: string; steps: string[] }> {
  if (typeof value !== "object" || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    const next = [...steps, name];
    const named = `${path === "" ? "" : `${path}.`}${Array.isArray(value) ? "*" : name}`;
    yield { path: named, steps: next };
    yield* places(inner, next, named);
  }
}

/** Another value of the same type; undefined where a change inside says as much. */
function changedValue(value: Json, seed: number): Json | undefined {
  if (value === null) return "2027-01-01T00:00:00Z";
  if (typeof value === "boolean") return !value;
  if (typeof value === "number") return value + 1 + (seed % 3);
  if (typeof value === "string") {
    const enums = [
      ["block", "warn", "info", "never", "none"],
      ["not-reviewable", "blocked", "access-changes", "no-access-change"],
      ["create", "replace", "rotate", "update", "move", "delete", "same"],
      ["none", "create-before-delete", "delete-before-create", "unknown"],
      ["account", "key", "rotatingKey"],
      ["SR001", "SR002", "SR003", "SR005", "SR021"],
    ];
    const others = enums.find((each) => each.includes(value))?.filter((each) => each !== value);
    return others ? (others[seed % others.length] ?? "") : `${value}x`;
  }
  return Array.isArray(value) ? [] : undefined;
}
