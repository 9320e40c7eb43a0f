import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, it } from "@jest/globals";
import { inert } from "../../../review/inert";
import { renderMarkdown } from "../../../review/render/markdown";
import { created, key, review } from "./support/preview-builder";

/**
 * What a reader sees: the Markdown as GitHub's dialect (CommonMark with tables, autolinks and the
 * like) turns it into HTML. The renderer is an ES module, so a process of its own runs it.
 */
const folder = resolve(__dirname, "../../fixtures/preview");
const names = readdirSync(folder).filter((name) => existsSync(join(folder, name, "expected.md")));

const nasty = [
  "a|b",
  "a\\|b",
  "`code`",
  "--><script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "@org/team",
  "#123",
  "[click](https://evil.example)",
  "![x](https://evil.example/x.png)",
  "https://evil.example",
  "www.evil.example",
  "evil@example.com",
  "**bold**",
  "x\u202egnp",
  "</details>",
  "&lt;b&gt;",
  "~~~",
  "a\n\n# heading",
  "</code></td></tr></table><h1>x",
];

let html: Record<string, string> = {};

beforeAll(() => {
  const markdown: Record<string, string> = Object.fromEntries(
    names.map((name) => [name, readFileSync(join(folder, name, "expected.md"), "utf8")]),
  );
  for (const name of nasty) {
    const report = review(
      [created(key(name, { labels: { owner: name, purpose: "x" }, scopes: [name, "admin:*"], environment: name }))],
      { document: { neverGrant: ["*"] } },
    );
    markdown[name] = renderMarkdown(report, 64_000);
  }
  const program = `
    const { micromark } = require("micromark");
    const { gfm, gfmHtml } = require("micromark-extension-gfm");
    const texts = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
    const options = { allowDangerousHtml: true, extensions: [gfm()], htmlExtensions: [gfmHtml()] };
    process.stdout.write(JSON.stringify(Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, micromark(text, options)]))));`;
  const cwd = resolve(__dirname, "../../..");
  html = JSON.parse(
    execFileSync(process.execPath, ["--no-warnings", "-e", program], {
      cwd,
      input: JSON.stringify(markdown),
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
    }),
  ) as Record<string, string>;
});

/** Everything that our Markdown may turn into. No link, no image, no script. */
const allowedTags = new Set([
  "h3",
  "p",
  "table",
  "thead",
  "tbody",
  "tr",
  "th",
  "td",
  "code",
  "pre",
  "details",
  "summary",
  "strong",
  "em",
  "ul",
  "li",
  "blockquote",
]);

function unbalanced(body: string): string[] {
  const count = (pattern: string) => body.match(new RegExp(pattern, "g"))?.length ?? 0;
  return ["details", "summary", "table", "pre", "blockquote"].flatMap((tag) => {
    const [open, close] = [count(`<${tag}[ >]`), count(`</${tag}>`)];
    return open === close ? [] : [`${open} <${tag}> and ${close} ends`];
  });
}

/** A quote is an alert of ours, and ends before the next thing. */
function strangeQuotes(body: string): string[] {
  return [...body.matchAll(/<blockquote>[^]*?<\/blockquote>/g)]
    .filter(([quote]) => !/^<blockquote>\s*<p>\[!(?:CAUTION|IMPORTANT)\]/.test(quote) || /<(?:table|h3)\b/.test(quote))
    .map(([quote]) => `a quote that is no alert: ${quote.slice(0, 60)}`);
}

function raggedTables(body: string): string[] {
  return [...body.matchAll(/<table>[^]*?<\/table>/g)].flatMap(([table]) => {
    const columns = table.match(/<th[ >]/g)?.length;
    return [...table.matchAll(/<tr>[^]*?<\/tr>/g)]
      .map(([row]) => row.match(/<t[hd][ >]/g)?.length)
      .filter((cells) => cells !== columns)
      .map((cells) => `a row of ${cells} cells in a table of ${columns}`);
  });
}

function problemsOf(page: string): string[] {
  const [marker, ...rest] = page.split("\n");
  const problems: string[] = [];
  if (!/^<!-- apikeys-review v1 project=\S* stack=\S* -->$/.test(marker ?? ""))
    problems.push("no marker on the first line");
  const body = rest.join("\n");
  for (const [, tag] of body.matchAll(/<\/?([a-zA-Z][a-zA-Z0-9]*)/g))
    if (!allowedTags.has(tag ?? "")) problems.push(`a tag <${tag}>`);
  if (body.includes("<!--")) problems.push("a second comment");
  problems.push(...unbalanced(body), ...strangeQuotes(body), ...raggedTables(body));
  // GitHub and GitLab look for these in whatever is not code.
  const words = body.replace(/<(code|pre)\b[^]*?<\/\1>/g, "").replace(/<[^>]*>/g, "");
  if (/@\w|#\d|https?:|www\.|\|/.test(words))
    problems.push(
      `text that acts or a table that broke: ${/.{0,30}(?:@\w|#\d|https?:|www\.|\|).{0,30}/.exec(words)?.[0]}`,
    );
  return problems;
}

describe("the Markdown as HTML", () => {
  it.each(names)("of %s is tables, lists and folds, and nothing that acts", (name) => {
    expect(problemsOf(html[name] ?? "")).toEqual([]);
  });

  it.each(nasty)("of a key called %p shows that name, and nothing else", (name) => {
    const page = html[name] ?? "";
    expect(problemsOf(page)).toEqual([]);
    const shown = inert(name, 80)
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;");
    // In a table a backslash before a bar is shown as what it is.
    const inTable = shown.replace(/\\(?=\|)/g, "⟨U+005C⟩");
    expect(page).toContain(
      `<td>🔴 key <code>${inTable}</code> (owner <code>${inTable}</code>, <code>${inTable}</code>)</td>`,
    );
  });
});
