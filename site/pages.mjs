// Copies the repository's Markdown to site/src, where VitePress finds it: every page under the address that it has there,
// and every link with it. A link to a file that is no page leads to the repository.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, posix, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const target = join(import.meta.dirname, "src");
const { repository } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const home = repository.url.replace(/^git\+|\.git$/g, "");

const markdownIn = (folder) =>
  readdirSync(join(root, folder), { recursive: true })
    .map((name) => posix.join(folder, name))
    .filter((path) => path.endsWith(".md") && !path.includes("node_modules"));

/** File of the repository → file of the site. */
export const pages = new Map([
  ["README.md", "index.md"],
  ...paired(["CHANGELOG.md", "SECURITY.md", "CONTRIBUTING.md", "ARCHITECTURE.md"], (path) => path.toLowerCase()),
  ...paired(markdownIn("docs"), (path) => path.replace(/^docs\//, "").replace(/README\.md$/, "index.md")),
  ...paired(markdownIn("examples"), (path) =>
    path.replace(/\/README\.md$/, path === "examples/README.md" ? "/index.md" : ".md"),
  ),
]);

/** @returns {[string, string][]} */
function paired(paths, addressOf) {
  return paths.map((path) => [path, addressOf(path)]);
}

/** The title in the sidebar: the page's own first heading. */
export const titleOf = (file) =>
  (/^# (.+)$/m.exec(readFileSync(join(root, file), "utf8"))?.[1] ?? file).replaceAll("`", "");

const pictures = new Set();

function placeOf(link, from, to) {
  const [path, anchor] = link.split("#");
  const file = posix.normalize(posix.join(posix.dirname(from), path)).replace(/\/$/, "");
  const folder = statSync(join(root, file), { throwIfNoEntry: false })?.isDirectory();
  const page = pages.get(file) ?? (folder ? pages.get(posix.join(file, "README.md")) : undefined);
  const hash = anchor === undefined ? "" : `#${anchor}`;
  if (page) return `${posix.relative(posix.dirname(to), page) || posix.basename(page)}${hash}`.replace(/^(?!\.)/, "./");
  if (/\.(svg|png)$/.test(file)) {
    pictures.add(file);
    return posix.relative(posix.dirname(to), posix.join("pictures", posix.basename(file))).replace(/^(?!\.)/, "./");
  }
  return `${home}/${folder ? "tree" : "blob"}/main/${file}${hash}`;
}

/** HTML that the pages mean. Anything else in angle brackets is text, as on GitHub; to Vue it would be a component. */
const tag = /<(?!\/?(?:a|br|code|details|img|li|p|summary|table|td|th|tr|ul)\b[^<>]*>|!--)/g;

const prose = (text, from, to) =>
  text
    .replace(/(\]\()(?![a-z]+:|#)([^)\s]+)(\))/g, (_all, open, link, close) => open + placeOf(link, from, to) + close)
    .replace(tag, "&lt;")
    .replaceAll("{{", "&#123;&#123;");

function rewritten(from, to) {
  const text = readFileSync(join(root, from), "utf8");
  // Code stays as it is: fenced, or between backticks.
  return text
    .split(/(^```[^]*?^```$|(?<!`)`[^`\n]+`(?!`))/m)
    .map((part, at) => (at % 2 === 1 ? part : prose(part, from, to)))
    .join("");
}

export function writePages() {
  rmSync(target, { recursive: true, force: true });
  for (const [from, to] of pages) {
    const place = join(target, to);
    mkdirSync(dirname(place), { recursive: true });
    const edit = `---\neditLink: ${home}/edit/main/${from}\n---\n\n`;
    writeFileSync(place, edit + rewritten(from, to));
  }
  for (const file of pictures) {
    mkdirSync(join(target, "pictures"), { recursive: true });
    cpSync(join(root, file), join(target, "pictures", posix.basename(file)));
  }
}
