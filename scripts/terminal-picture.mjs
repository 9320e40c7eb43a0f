// Draws what a terminal shows, from real runs: docs/preview.svg, and docs/demo.svg and
// docs/review-text.svg from the demo itself.
// `. scripts/env && need_engine && node scripts/terminal-picture.mjs`
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import { Bench } from "./demo.d/bench.mjs";

// A light and a dark page show the same dark terminal.
const plain = "#e6edf3";
const dim = "#9198a1";
const colours = [dim, "#ff7b72", "#7ee787", "#e3b341", "#79c0ff", "#d2a8ff", "#76e3ea", plain];
const [letter, line, left, top] = [7.83, 19, 18, 50];
const escape = String.fromCharCode(27);

/** What the numbers of one code change: `1` bold, `2` dim, `31` red, `38;5;2` the second of many colours. */
function styled(style, codes) {
  const numbers = codes.split(";").map(Number);
  if (numbers[0] === 38) return { ...style, colour: colours[numbers[2] % 8] };
  return numbers.reduce((now, code) => {
    if (code === 0 || code === 22) return { colour: plain, bold: false };
    if (code === 1) return { ...now, bold: true };
    if (code === 2) return { ...now, colour: dim };
    return { ...now, colour: (code >= 30 && code < 38) || (code >= 90 && code < 98) ? colours[code % 10] : plain };
  }, style);
}

/** The letters of a line with their style. */
function spansOf(text) {
  let style = { colour: plain, bold: false };
  const [first, ...rest] = text.split(`${escape}[`);
  const spans = [{ text: first, ...style }];
  for (const part of rest) {
    const end = part.indexOf("m");
    style = styled(style, part.slice(0, end));
    spans.push({ text: part.slice(end + 1), ...style });
  }
  return spans.filter(({ text: letters }) => letters !== "");
}

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function picture(title, lines) {
  const lengths = lines.map((each) => stripVTControlCharacters(each).length);
  const width = Math.ceil(2 * left + letter * Math.max(...lengths));
  const height = top + line * lines.length + 4;
  const drawn = lines.map((each, at) => {
    const spans = spansOf(each).map(
      ({ text, colour, bold }) => `<tspan fill="${colour}"${bold ? ' font-weight="600"' : ""}>${escaped(text)}</tspan>`,
    );
    return `<text x="${left}" y="${top + line * at}" xml:space="preserve">${spans.join("")}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="t" font-family="ui-monospace,DejaVu Sans Mono,monospace" font-size="13">`,
    `<title id="t">${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>`,
    ...["#ff5f57", "#febc2e", "#28c840"].map(
      (fill, at) => `<circle cx="${20 + 18 * at}" cy="18" r="5.5" fill="${fill}"/>`,
    ),
    ...drawn,
    "</svg>\n",
  ].join("\n");
}

const draw = (file, title, lines) => writeFileSync(file, picture(title, lines));

const bench = new Bench();
try {
  await bench.start();
  await bench.pulumi("stack", "init", "demo");
  await bench.up();
  await bench.pulumi("config", "set", "--path", "archiveScopes[0]", "cameras:read");
  await bench.pulumi("config", "set", "--path", "archiveScopes[1]", "events:read");
  const preview = await bench.pulumi("preview", "--diff", "--color", "always");
  // Ids of a run, and how far it was, say nothing to a reader.
  const lines = preview
    .trimEnd()
    .split("\n")
    .filter((each) => !/^\s*\[(id|urn)=|^@ /.test(stripVTControlCharacters(each)));
  const command = `${escape}[36m$${escape}[0m ${escape}[1mpulumi preview --diff${escape}[0m`;
  draw("docs/preview.svg", "pulumi preview of a key with one more scope: it is replaced", [command, ...lines]);
  await bench.pulumi("destroy", "--yes", "--skip-preview");
} finally {
  await bench.close();
}

const { NO_COLOR: _, ...environment } = process.env;
const env = { ...environment, FORCE_COLOR: "1" };
const demo = execFileSync(process.execPath, ["scripts/demo.mjs"], { env, encoding: "utf8" }).split("\n");
const took = new RegExp(`${escape}\\[2m {2}[\\d.]+ s${escape}\\[0m$`);
const chapterAt = (number) => demo.findIndex((each) => stripVTControlCharacters(each).startsWith(`${number}. `));
// How long a command took on the machine that drew this says nothing about the reader's.
const chapters = (from, to) =>
  demo.slice(chapterAt(from), chapterAt(to) - 1).map((each) => each.replace(took, "").replace(/^ {3}/, "  "));
draw(
  "docs/review-text.svg",
  "The demo: a change that asks for admin:* is blocked, and one that asks for events:read is not",
  chapters(2, 3),
);
draw(
  "docs/demo.svg",
  "The demo: a key rotates while a consumer calls all the time, and a leaked key is revoked",
  chapters(4, 6),
);
