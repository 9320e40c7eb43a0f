import { pages, titleOf, writePages } from "../pages.mjs";

writePages();

const item = (file, text = titleOf(file)) => ({
  text,
  link: `/${pages.get(file).replace(/(index)?\.md$/, "")}`,
});
const docs = (...names) => names.map((name) => item(`docs/${name}.md`));
const under = (folder, skip = "README.md") =>
  [...pages.keys()]
    .filter((file) => file.startsWith(folder) && !file.endsWith(`${folder}${skip}`))
    .map((file) => item(file));

export default {
  srcDir: "src",
  outDir: "dist",
  cacheDir: "node_modules/.vitepress",
  title: "pulumi-apikeys",
  description: "Service accounts and API keys as Pulumi resources",
  markdown: {
    // {words} in braces are words, not attributes of what stands before them.
    attrs: { disable: true },
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    // The anchors of GitHub, so that a link leads to the same place in both.
    anchor: {
      slugify: (text) =>
        text
          .toLowerCase()
          .replace(/[^\p{L}\p{N}\s_-]/gu, "")
          .replace(/\s/g, "-"),
    },
  },
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    externalLinkIcon: true,
    nav: [
      item("README.md", "Start"),
      item("docs/concepts.md"),
      item("examples/README.md"),
      item("docs/reference/README.md", "Reference"),
      item("CHANGELOG.md"),
    ],
    sidebar: [
      { text: "Start", items: [item("README.md", "Your first key"), ...docs("concepts", "comparison")] },
      { text: "Understand", items: docs("lifecycle", "rotation", "review", "connections", "secrets", "threat-model") },
      {
        text: "Build",
        items: docs("programs", "unit-tests", "handing-over", "moving-over", "languages", "backends", "emulator"),
      },
      { text: "Look up", items: docs("troubleshooting", "exit-codes", "runbooks", "support", "performance") },
      { text: "Reference", items: under("docs/reference/"), collapsed: true },
      { text: "Services", items: under("docs/services/"), collapsed: true },
      { text: "Examples", items: [item("examples/README.md"), ...under("examples/")], collapsed: true },
      {
        text: "The project",
        items: ["SECURITY.md", "CONTRIBUTING.md", "ARCHITECTURE.md"]
          .map((file) => item(file))
          .concat(docs("releasing")),
        collapsed: true,
      },
    ],
  },
};
