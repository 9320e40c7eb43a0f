import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { defaultPolicy } from "../../../review/policy";
import { checkPolicy } from "../../../review/policy-schema";
import { renderMarkdown } from "../../../review/render/markdown";
import { parseReport } from "../../../review/read-report";
import type { Report } from "../../../review/report";
import { reviewPreview, type ReviewRequest } from "../../../review/review-preview";
import { everyFormat, unsafeParts } from "./support/report-checks";

/** Captured from the real engine by scripts/fixtures, which writes `expected.md` too: read the diff before committing it. */
const folder = resolve(__dirname, "../../fixtures/preview");
const names = readdirSync(folder).filter((name) => existsSync(join(folder, name, "preview.json")));

function reportOf(name: string, more: Partial<ReviewRequest> = {}): Report {
  const file = join(folder, name, "review.json");
  const { policy, ...request } = (existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {}) as {
    policy?: unknown;
  } & Partial<ReviewRequest>;
  const checked = policy === undefined ? undefined : checkPolicy(policy);
  return reviewPreview({
    preview: readFileSync(join(folder, name, "preview.json"), "utf8"),
    policy: checked && "document" in checked ? { ...defaultPolicy, document: checked.document } : defaultPolicy,
    nowMs: Date.parse("2027-02-01T10:00:00Z"),
    projectPath: "",
    failOn: "block",
    expectNoAccessChange: false,
    allowEmpty: false,
    ...request,
    ...more,
  });
}

/** `ApiKey dashboard gains…` in one line, to compare whole reports at a glance. */
function told(report: Report): unknown {
  return {
    exit: report.exitCode,
    gains: report.accounts.flatMap(({ name, gains }) => gains.map((grant) => `${name} ${grant}`)),
    loses: report.accounts.flatMap(({ name, loses }) => loses.map((grant) => `${name} ${grant}`)),
    made: report.keys
      .filter(({ op }) => op === "replace" || op === "rotate")
      .map(({ name, op, order }) => `${name} ${op} ${order}`),
    rules: [...new Set(report.findings.map(({ rule }) => rule))],
  };
}

const nothing = { exit: 0, gains: [], loses: [], made: [], rules: [] };

/** What each case is about, beside its whole report in expected.md. */
const cases: Record<string, unknown> = {
  "02-scope-added": {
    ...nothing,
    gains: ["dashboard write:checks"],
    made: ["dashboard replace unknown"],
    rules: ["SR002", "SR010"],
  },
  "03-three-steps": {
    ...nothing,
    gains: ["dashboard write:checks"],
    made: ["dashboard replace create-before-delete"],
    rules: ["SR002", "SR010"],
  },
  "04-delete-before-replace": {
    ...nothing,
    gains: ["dashboard read:metrics"],
    made: ["dashboard replace delete-before-create"],
    rules: ["SR012"],
  },
  "05-covered-by-wildcard": { ...nothing, exit: 5, rules: ["SR001"] },
  "06-order-and-duplicates": nothing,
  "07-list-becomes-wildcard": {
    ...nothing,
    exit: 5,
    gains: ["dashboard admin:*"],
    made: ["dashboard replace unknown"],
    rules: ["SR001", "SR003", "SR002"],
  },
  "10-provider-text-only": { ...nothing, exit: 10, rules: ["SR015"] },
  "11-failed-half-way": { ...nothing, exit: 10 },
  "12-without-detailed-diff": {
    ...nothing,
    gains: ["dashboard write:checks"],
    made: ["dashboard replace unknown"],
    rules: ["SR002", "SR010"],
  },
  "14-secret-in-a-message": { ...nothing, exit: 5, gains: ["dashboard read:checks"], rules: ["SR016", "SR024"] },
  "16-consumer-unchanged": {
    ...nothing,
    loses: ["dashboard read:alerts"],
    made: ["dashboard replace unknown"],
    rules: ["SR012", "SR013"],
  },
  "17-consumer-in-component": {
    ...nothing,
    loses: ["dashboard read:alerts"],
    made: ["dashboard replace unknown"],
    rules: ["SR013"],
  },
  "18-consumer-by-stack-reference": {
    ...nothing,
    loses: ["dashboard read:alerts"],
    made: ["dashboard replace unknown"],
    rules: ["SR013"],
  },
  "20-policy-edited": { ...nothing, exit: 5, gains: ["dashboard read:checks"], rules: ["SR007", "SR022", "SR024"] },
  "21-rotation-due": { ...nothing, made: ["one rotate none", "two rotate none"] },
  "22-rotation-hides-nothing": {
    ...nothing,
    gains: ["two write:alerts"],
    made: ["one rotate none", "two rotate none"],
    rules: ["SR002"],
  },
  "23-emergency": { ...nothing, made: ["one rotate none"] },
  "24-moved-by-alias": nothing,
  "25-connection-moved": {
    ...nothing,
    exit: 5,
    gains: ["dashboard read:checks"],
    loses: ["dashboard read:checks"],
    rules: ["SR021"],
  },
  "26-scopes-unknown": { ...nothing, exit: 10, gains: ["source read:checks"], rules: ["SR015", "SR024"] },
  "27-scopes-secret": { ...nothing, exit: 10, rules: ["SR015", "SR024"] },
  "28-unknown-backend": { ...nothing, exit: 10, gains: ["dashboard read:checks"], rules: ["SR015", "SR024"] },
  "29-nothing-of-ours": { ...nothing, exit: 10, rules: ["SR023"] },
  "30-secret-in-the-clear": { ...nothing, exit: 5, rules: ["SR016"] },
  "31-event-stream": {
    ...nothing,
    gains: ["dashboard write:checks"],
    made: ["dashboard replace create-before-delete"],
    rules: ["SR002"],
  },
  "32-stream-cut-off": {
    ...nothing,
    exit: 10,
    gains: ["dashboard write:checks"],
    made: ["dashboard replace unknown"],
    rules: ["SR002"],
  },
  "33-without-sames": {
    ...nothing,
    exit: 10,
    gains: ["dashboard write:checks"],
    made: ["dashboard replace unknown"],
    rules: ["SR002"],
  },
  "38-revoked-outside": { ...nothing, made: ["dashboard replace unknown"] },
  "39-leftover": nothing,
  "41-every-backend": {
    ...nothing,
    gains: [
      "pulseapi-key monitors:read",
      "pulsely-key read:checks",
      "jupyterhub role=service-accounts",
      "jupyterhub custom:reports:read",
      "keycloak profile",
      "keycloak roles",
      "keystone ceiling=member",
      "keystone reader",
      "novavms role=viewer",
      "novavms cameras:read",
      "zenml account=all",
    ],
    rules: ["SR006", "SR024"],
  },
  "42-hostile-program": {
    ...nothing,
    exit: 10,
    gains: ["eu read:checks", "linked cameras:read", "admins cameras:read", "fresh role=viewer", "fresh cameras:read"],
    loses: ["exporter cameras:read"],
    made: ["exporter-key replace unknown"],
    rules: ["SR015", "SR023", "SR024", "SR027", "SR007"],
  },
  "43-stays-alive": { ...nothing, rules: ["SR019"] },
  "44-planned-and-not-done": nothing,
  "45-enabled-again": {
    ...nothing,
    exit: 5,
    gains: ["exporter role=viewer", "exporter cameras:read"],
    rules: ["SR031"],
  },
  "46-other-code": { ...nothing, exit: 5, rules: ["SR032"] },
};

describe("previews of the real engine", () => {
  it.each(names)("%s: the Markdown is the expected one, and the same twice", (name) => {
    const markdown = renderMarkdown(reportOf(name), 64_000);
    expect(markdown).toBe(readFileSync(join(folder, name, "expected.md"), "utf8"));
    expect(renderMarkdown(reportOf(name), 64_000)).toBe(markdown);
  });

  it.each(names)("%s: no format holds a planted secret, an unknown value, or text that acts", (name) => {
    const report = reportOf(name);
    for (const { format, text } of everyFormat(report)) {
      expect({ format, problems: unsafeParts(format, text) }).toEqual({ format, problems: [] });
      expect(text).not.toMatch(
        /PLANTED|plantedPassphrase|04da6b54-80e4-46f7-96ec-b56ff0331ba9|__provider|exports\.handler/,
      );
      expect(text.length).toBeLessThanOrEqual(format === "markdown" ? 64_000 : Infinity);
    }
    expect(parseReport(everyFormat(report).find(({ format }) => format === "json")?.text ?? "")).toEqual(report);
  });

  it.each(Object.entries(cases))("%s", (name, expected) => {
    expect(told(reportOf(name))).toEqual(expected);
  });

  it("gives the stacks prod and prod-eu different markers and digests", () => {
    const [prod, eu] = ["08-stack-prod", "09-stack-prod-eu"].map((name) => reportOf(name));
    const marker = (report: Report | undefined): string =>
      report ? (renderMarkdown(report, 64_000).split("\n")[0] ?? "") : "";
    expect(marker(prod)).toBe("<!-- apikeys-review v1 project=shop stack=prod -->");
    expect(marker(eu)).toBe("<!-- apikeys-review v1 project=shop stack=prod%2Deu -->");
    expect(prod?.digest).not.toBe(eu?.digest);
  });

  it("gives one digest to the same change, in whatever form the engine printed it", () => {
    const digests = ["02-scope-added", "03-three-steps", "12-without-detailed-diff", "31-event-stream"].map(
      (name) => reportOf(name).digest,
    );
    expect(new Set(digests).size).toBe(1);
  });

  it("gives the digest of no change to everything that changes no access", () => {
    const quiet = [
      "06-order-and-duplicates",
      "21-rotation-due",
      "23-emergency",
      "24-moved-by-alias",
      "38-revoked-outside",
      "39-leftover",
    ];
    expect(new Set(quiet.map((name) => reportOf(name).digest)).size).toBe(1);
    // A key that its removal would not revoke any more lasts longer than the approved one.
    expect(reportOf("34-weaker-protection").digest).not.toBe(reportOf("21-rotation-due").digest);
    expect(reportOf("21-rotation-due", { expectNoAccessChange: true }).exitCode).toBe(0);
    expect(reportOf("22-rotation-hides-nothing", { expectNoAccessChange: true }).exitCode).toBe(7);
  });

  it("names every one of 300 keys within the limit, and says what is hidden", () => {
    const markdown = renderMarkdown(reportOf("40-three-hundred-keys"), 64_000);
    for (let index = 1; index <= 300; index += 1)
      expect(markdown).toContain(`service-${String(index).padStart(3, "0")}-key`);
    expect(renderMarkdown(reportOf("40-three-hundred-keys"), 12_000)).toMatch(/\*\d+ more rows of key ages do not fit/);
    expect(reportOf("40-three-hundred-keys").counts).toMatchObject({ keys: 300, block: 600, warn: 301 });
  });

  it("accepts a stack without our resources only when told to", () => {
    expect(told(reportOf("29-nothing-of-ours", { allowEmpty: true }))).toEqual({
      ...nothing,
      exit: 5,
      // It has none, and runs code that could make some.
      rules: ["SR023"],
    });
  });

  it("tells the order of a replacement only where the preview shows it", () => {
    expect(reportOf("03-three-steps").counts.replaced).toBe(1);
    expect(reportOf("31-event-stream").keys[0]).toMatchObject({ consumers: [], updatedConsumers: null });
  });
});

/** False for the streaming form, whose events are numbered. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The engine works on many resources at once: the order in which it tells of them differs from run to run. */
function inAnotherOrder(preview: string): string {
  const whole = JSON.parse(preview) as { steps?: { urn: string }[] };
  const groups = [...Map.groupBy(whole.steps ?? [], ({ urn }) => urn).values()];
  return JSON.stringify({ ...whole, steps: groups.reverse().flat() });
}

const digests = names.filter((name) => isJson(readFileSync(join(folder, name, "preview.json"), "utf8")));

describe.each(digests)("the report of %s", (name) => {
  it("is the same in whatever order the engine tells of the resources", () => {
    const preview = inAnotherOrder(readFileSync(join(folder, name, "preview.json"), "utf8"));
    expect(renderMarkdown(reportOf(name, { preview }), 64_000)).toBe(renderMarkdown(reportOf(name), 64_000));
  });
});
