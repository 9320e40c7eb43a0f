import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { defaultTiming } from "../../../provider/http/client";

const repository = resolve(__dirname, "../../..");
const read = (...path: string[]) => readFileSync(join(repository, ...path), "utf8");

function sourcesIn(folder: string): string {
  return readdirSync(join(repository, folder))
    .map((name) => join(folder, name))
    .map((path) => (statSync(join(repository, path)).isDirectory() ? sourcesIn(path) : read(path)))
    .join("\n");
}

describe("docs/troubleshooting.md", () => {
  const [own = "", ofPulumi = ""] = read("docs/troubleshooting.md").split("## Messages of Pulumi");
  const code = ["provider", "sdk", "cli", "review"].map(sourcesIn).join("\n").replaceAll("\\`", "`");
  const messages = [...own.matchAll(/^\| (?!message)([^|]*[^|\s-]) \| /gm)].map(([, message = ""]) => message);

  test.each(messages)("quotes what the code says: %s", (message) => {
    // What a template fills in stands as … on the page, and a sentence may begin in the middle of a message.
    const fixed = message.split("…").map((part) => part.trim().replace(/^["`]|["`]$/g, ""));
    fixed[0] = fixed[0]?.slice(1) ?? "";
    expect(fixed.filter((part) => part.length > 3 && !code.includes(part))).toEqual([]);
  });

  test("has many of our messages, and some of Pulumi's", () => {
    expect(messages.length).toBeGreaterThan(30);
    expect(ofPulumi.match(/^\| `/gm)?.length).toBeGreaterThan(5);
  });
});

test("docs/connections.md says the time limits that a connection has by itself", () => {
  const [budget, timeout] = [defaultTiming.retryBudgetMs, defaultTiming.timeoutMs].map((ms) => `${ms / 1_000}s`);
  expect(read("docs/connections.md")).toContain(
    `| \`retryBudget\`, \`timeout\` | time limit for all attempts of a call (\`${budget}\`), and for one attempt (\`${timeout}\`) |`,
  );
});

test("docs/emulator.md lists every control call, and every kind of fault", () => {
  const page = read("docs/emulator.md");
  const source = read("emulator/control/control.ts");
  const calls = [...source.matchAll(/\.on\("(\w+)", "([^"]+)"/g)].map(([, verb, path]) => `${verb} ${path}`);
  expect(calls.length).toBeGreaterThan(10);
  const listed = [...page.matchAll(/`((?:GET|POST|DELETE) \/[^`?]*)/g)].map(([, call]) => call);
  expect(listed.sort()).toEqual([...new Set(calls)].sort());
  const [, kinds = ""] = /FAULT_KINDS = \[([^\]]*)\]/.exec(read("emulator/http/faults.ts")) ?? [];
  expect(
    [...kinds.matchAll(/"([\w-]+)"/g)].flatMap(([, kind = ""]) => (page.includes(`\`${kind}\``) ? [] : kind)),
  ).toEqual([]);
});

test("docs/support.md promises the versions that package.json and the engine script ask for", () => {
  const page = read("docs/support.md");
  const { engines, peerDependencies } = JSON.parse(read("package.json")) as Record<string, Record<string, string>>;
  expect(page).toContain(`| Node.js | ${engines?.node?.slice(2)} and 24`);
  const [, sdk] = /\^(\d+\.\d+)\./.exec(peerDependencies?.["@pulumi/pulumi"] ?? "") ?? [];
  expect(page).toContain(`| \`@pulumi/pulumi\` | ${sdk} and newer`);
  expect(page).toContain(`| Pulumi engine | 3.${/oldest_minor=(\d+)/.exec(read("scripts/engine"))?.[1]} and newer |`);
});

test("every page is linked from the README or from a page that it links", () => {
  const linksOf = (path: string) =>
    [...read(path).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, target = ""]) => join(path, "..", target));
  const seen = new Set<string>();
  const visit = (path: string) => {
    if (seen.has(path)) return;
    seen.add(path);
    if (path.endsWith(".md")) linksOf(path).forEach(visit);
  };
  visit("README.md");
  const pages = readdirSync(join(repository, "docs"), { recursive: true }).map((name) => join("docs", String(name)));
  expect(pages.filter((page) => page.endsWith(".md") && !seen.has(page))).toEqual([]);
});

test("every page of docs/ has its place in the site's sidebar", () => {
  const config = read("site/.vitepress/config.mjs");
  const names = readdirSync(join(repository, "docs")).flatMap((name) => /^(.*)\.md$/.exec(name)?.[1] ?? []);
  expect(names.filter((name) => !config.includes(`"${name}"`))).toEqual([]);
});
