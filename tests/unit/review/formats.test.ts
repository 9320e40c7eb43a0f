import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { renderMarkdown } from "../../../review/render/markdown";
import { renderReport, type Format } from "../../../review/render/formats";
import type { Report } from "../../../review/report";
import { changed, created, key, review, unchanged, unknown, urnOf } from "./support/preview-builder";

const settings = { maxChars: 64_000, toolVersion: "1.2.3" };
const render = (report: Report, format: Format): string => renderReport(report, format, settings);
const waivers = [
  {
    rule: "SR003" as const,
    urn: urnOf("ApiKey", "ci"),
    reason: "migration [1] {0}",
    approver: "ann",
    until: "2027-03-01",
  },
];
const report = review(
  [created(key("ci", { scopes: ["admin:*"] })), created(key("late", { scopes: unknown })), unchanged(key("calm"))],
  { document: { waivers }, projectPath: "deploy" },
);

interface Sarif {
  runs: {
    automationDetails: { id: string };
    tool: { driver: { semanticVersion: string; rules: { id: string; help: { text: string } }[] } };
    invocations: { executionSuccessful: boolean }[];
    results: {
      ruleId: string;
      ruleIndex: number;
      level: string;
      message: { text: string };
      locations: {
        physicalLocation: { artifactLocation: { uri: string; uriBaseId: string }; region: { startLine: number } };
      }[];
      partialFingerprints: Record<string, string>;
      suppressions?: { justification: string }[];
    }[];
  }[];
}

describe("SARIF, as GitHub takes it", () => {
  const sarif = JSON.parse(render(report, "sarif")) as Sarif;
  const run = sarif.runs[0];
  if (!run) throw new Error("no run");

  it("has a relative place, a level, a fingerprint and its rule on every result", () => {
    expect(run.results.length).toBeGreaterThan(2);
    for (const result of run.results) {
      const [location] = result.locations;
      expect(location?.physicalLocation.artifactLocation).toEqual({ uri: "deploy/index.ts", uriBaseId: "%SRCROOT%" });
      expect(location?.physicalLocation.region.startLine).toBeGreaterThanOrEqual(1);
      expect(["error", "warning", "note"]).toContain(result.level);
      expect(result.partialFingerprints["apikeysFinding/v1"]).toMatch(/^[0-9a-f]{32}$/);
      expect(run.tool.driver.rules[result.ruleIndex]?.id).toBe(result.ruleId);
      expect(result.message.text).not.toMatch(/[[\]{}]/);
    }
    expect(new Set(run.results.map(({ partialFingerprints }) => partialFingerprints["apikeysFinding/v1"])).size).toBe(
      run.results.length,
    );
  });

  it("keeps the fingerprint while the line moves, and changes it with the scope", () => {
    const fingerprints = (scopes: string[], line: number): (string | undefined)[] =>
      (
        JSON.parse(
          render(
            review([created({ ...key("ci", { scopes }), sourcePosition: `project:///index.ts#${line}` })], {
              document: { neverGrant: ["read:*"] },
            }),
            "sarif",
          ),
        ) as Sarif
      ).runs[0]?.results.map(({ partialFingerprints }) => partialFingerprints["apikeysFinding/v1"]) ?? [];
    expect(fingerprints(["admin:*"], 10)).toEqual(fingerprints(["admin:*"], 99));
    expect(fingerprints(["admin:*"], 10)).not.toEqual(fingerprints([], 10));
  });

  it("sets stacks apart, marks waived results, and says when it is not the whole", () => {
    expect(run.automationDetails.id).toBe("apikeys-review/shop/prod/");
    expect(run.results.find(({ ruleId }) => ruleId === "SR003")?.suppressions?.[0]?.justification).toContain(
      "migration",
    );
    expect(run.invocations[0]?.executionSuccessful).toBe(false);
    expect(run.tool.driver.semanticVersion).toBe("1.2.3");
  });

  it("encodes paths, and falls back to Pulumi.yaml", () => {
    const at = (sourcePosition: string): string | undefined =>
      (JSON.parse(render(review([created({ ...key("ci", { scopes: [] }), sourcePosition })]), "sarif")) as Sarif)
        .runs[0]?.results[0]?.locations[0]?.physicalLocation.artifactLocation.uri;
    expect(at("project:///src/my%20keys/ä.ts#3,4")).toBe("src/my%20keys/%C3%A4.ts");
    expect(at("project:///../../elsewhere.ts#3,4")).toBe("Pulumi.yaml");
    expect(at("file:///etc/passwd#1")).toBe("Pulumi.yaml");
    expect(at("project:///x\u202etxt.ts#3")).toBe("Pulumi.yaml");
  });
});

describe("other formats", () => {
  it("GitLab Code Quality: fingerprint, severity and place on every object, waived ones left out", () => {
    const issues = JSON.parse(render(report, "gitlab-codequality")) as {
      fingerprint: string;
      severity: string;
      check_name: string;
      location: { path: string; lines: { begin: number } };
    }[];
    expect(issues.map(({ check_name: name, severity }) => `${name.split(" ")[0]} ${severity}`)).toEqual([
      "SR001 blocker",
      "SR015 blocker",
      "not critical",
    ]);
    for (const { fingerprint, location } of issues) {
      expect(fingerprint).toMatch(/^[0-9a-f]{32}$/);
      expect(location.path).not.toBe("");
      expect(location.lines.begin).toBeGreaterThanOrEqual(1);
    }
    expect(new Set(issues.map(({ fingerprint }) => fingerprint)).size).toBe(issues.length);
  });

  it("JUnit: a test per resource, failed by what --fail-on counts", () => {
    const xml = render(report, "junit");
    expect(xml).toContain('<testsuites tests="4" failures="2" errors="1">');
    expect(xml.match(/<testcase /g)).toHaveLength(4);
    expect(xml).toContain('<failure message="SR001 wildcard scope">');
    const mild = render({ ...report, failOn: "never" }, "junit");
    expect(mild).toContain('failures="0"');
  });

  it("GitHub: one command a line, with the place and nothing that could end it early", () => {
    const lines = render(
      review([
        created({ ...key("a,b:c%0A::error::x", { scopes: ["admin:*"] }), sourcePosition: "project:///a,b:c.ts#7,2" }),
      ]),
      "github",
    )
      .trim()
      .split("\n");
    expect(lines[0]).toBe(
      '::error file=a%2Cb%3Ac.ts,line=7,col=2,title=SR001 wildcard scope::key "a,b:c%250A::error::x" grants the wildcard "admin:*". List the scopes that the key really uses. A wildcard also grants whatever the service adds later.',
    );
    expect(lines.every((line) => /^::(error|warning|notice) /.test(line))).toBe(true);
  });

  it("JSON: the contract's fields", () => {
    const json = JSON.parse(
      render(review([changed("replace", key("ci"), key("ci", { scopes: ["read:alerts"] }), ["scopes"])]), "json"),
    ) as Record<string, unknown>;
    expect(json).toMatchObject({
      schemaVersion: 2,
      stack: "prod",
      verdict: "access-changes",
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as unknown,
      counts: { keys: 1, replaced: 1 },
      accounts: [
        {
          urn: urnOf("ApiKey", "ci"),
          name: "ci",
          owner: "web",
          env: "live",
          before: ["read:checks"],
          after: ["read:alerts"],
          gains: ["read:alerts"],
          loses: ["read:checks"],
          level: "none",
        },
      ],
      keys: [
        {
          urn: urnOf("ApiKey", "ci"),
          op: "replace",
          reason: "`scopes` changed",
          order: "unknown",
          expiresAt: null,
          oldValidUntil: "ends during this update",
          consumers: [],
        },
      ],
      findings: [],
      unreviewed: [],
    });
  });
});

describe("Markdown within its limit", () => {
  const many = review(
    Array.from({ length: 300 }, (_, index) =>
      created(key(`service-${index}-key`, { scopes: ["admin:*"], labels: {} })),
    ),
  );

  it.each([2_000, 4_000, 10_000, 64_000, 200_000])("of %d characters says how much is hidden", (maxChars) => {
    const markdown = renderMarkdown(many, maxChars);
    expect(markdown.length).toBeLessThanOrEqual(maxChars);
    expect(markdown.split("\n")[0]).toBe("<!-- apikeys-review v1 project=shop stack=prod -->");
    expect(markdown).toContain("Blocked: 600 blocking findings");
    expect(markdown.match(/<details/g)?.length ?? 0).toBe(markdown.match(/<\/details>/g)?.length ?? 0);
    expect((markdown.match(/^```/gm)?.length ?? 0) % 2).toBe(0);
    // Every finding is there by name, or counted.
    const hidden = (what: string): number => Number(new RegExp(`\\*(\\d+) more ${what}`).exec(markdown)?.[1] ?? 0);
    const findings = markdown.slice(markdown.indexOf("<summary>Findings: "), markdown.indexOf("<summary>Effective"));
    const named = new Set(findings.match(/`service-\d+-key`/g)).size;
    if (hidden("findings") === 0) expect(named).toBe(300);
    // A row that is not there is counted, and one that is there stands for all 300.
    for (const what of ["access changes", "key ages"])
      expect(markdown.includes(`rows of ${what} do not fit`) || markdown.includes("**300 keys like this**")).toBe(true);
  });

  const nova = { connection: "nova", target: { backend: "novavms", origin: "https://nova.example" } };
  const reads = (count: number) => Array.from({ length: count }, (_, index) => `thing${index}:read`);

  it("shows first who gains, whatever else a change does to hide it", () => {
    const noise = reads(200).map((scope, index) => {
      const before = key(`a${index}`, { ...nova, scopes: [scope, "some:read"] });
      return changed("replace", before, key(`a${index}`, { ...nova, scopes: ["some:read"] }), ["scopes"]);
    });
    const [was, becomes] = [["cameras:read"], ["cameras:read", "cameras:write"]].map((scopes) =>
      key("zz", { ...nova, scopes }),
    );
    const markdown = renderMarkdown(review([...noise, changed("replace", was!, becomes!, ["scopes"])]), 8_000);
    const rows = markdown.split("\n").filter((line) => /^\| (?:\S+ )?key /u.test(line));
    expect(rows[0]).toMatch(/key `zz`.*`cameras:write`/);
    expect(markdown).toMatch(/\d+ more rows of access changes do not fit here/);
  });

  it("shows the mightiest of many scopes", () => {
    const steps = [created(key("ci", { ...nova, scopes: [...reads(20), "zones:delete", "admin:zones"] }))];
    expect(renderMarkdown(review(steps), 64_000)).toMatch(/\| `admin:zones` `zones:delete`.* and 10 more \|/);
  });

  it("gives way from the end: findings last", () => {
    const markdown = renderMarkdown(many, 24_000);
    for (let index = 0; index < 300; index += 1) expect(markdown).toContain(`\`service-${index}-key\``);
    expect(renderMarkdown(many, 12_000)).toContain("rows of key ages do not fit here: see the JSON report.*");
  });
});

describe("rows that are equal", () => {
  const drawn = fc.record({
    owner: fc.constantFrom("web", "ops"),
    scopes: fc.constantFrom<string[]>(["read:checks"], ["read:alerts"], ["read:alerts", "read:checks"]),
    before: fc.constantFrom<string[] | undefined>(undefined, ["read:metrics"], ["read:checks"]),
    environment: fc.constantFrom("live", "test"),
    origin: fc.constantFrom("https://a.example", "https://b.example"),
    connection: fc.constantFrom("default", "other"),
    expiresIn: fc.constantFrom("30d", "60d"),
  });

  it("stand as one, and no row joins another that differs in anything", () => {
    fc.assert(
      fc.property(fc.array(drawn, { minLength: 1, maxLength: 40 }), (keys) => {
        const state = ({ owner, origin, before: _before, ...inputs }: (typeof keys)[number], name: string) =>
          key(name, { ...inputs, labels: { owner, purpose: "x" }, target: { backend: "pulsely", origin } });
        const steps = keys.map((one, index) => {
          const after = state(one, `key-${index}`);
          return one.before === undefined
            ? created(after)
            : changed("replace", state({ ...one, scopes: one.before }, `key-${index}`), after, ["scopes"]);
        });
        const markdown = renderMarkdown(review(steps), 1_000_000);
        const table = /^\| Account or key [^]*?\n\n/m.exec(markdown)?.[0] ?? "";
        const rows = table
          .split("\n")
          .slice(2)
          .map((row) => [...row.matchAll(/`key-(\d+)`/g)].map(([, at]) => Number(at)));
        const shown = rows.flat();
        const changing = keys.flatMap((one, at) => (String(one.before) === String(one.scopes) ? [] : [at]));
        expect([...shown].sort((a, b) => a - b)).toEqual(changing);
        for (const row of rows)
          for (const at of row) {
            const { expiresIn: _life, ...told } = keys[at] ?? {};
            const { expiresIn: _otherLife, ...first } = keys[row[0] ?? 0] ?? {};
            expect(told).toEqual(first);
          }
        // Fewer than four stay apart, so a table of equal keys is never longer than three times its groups.
        expect(rows.filter((row) => row.length > 1).every((row) => row.length >= 4)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});
