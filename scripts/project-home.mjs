// package.json (`repository`) says where the project lives. This writes it to all other files that name it:
//
//   node scripts/project-home.mjs my-organisation
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";

const [owner] = process.argv.slice(2);
if (!/^[A-Za-z0-9][A-Za-z0-9-]{0,38}$/.test(owner ?? "")) {
  console.error("usage: node scripts/project-home.mjs OWNER   (the GitHub organisation or user)");
  process.exit(2);
}

const files = ["package.json", ".github/CODEOWNERS", ".github/ISSUE_TEMPLATE/config.yml", "SECURITY.md"];
/** These name other people's modules and pages as well. */
const mixed = ["examples/go/go.mod", "examples/go/main.go", "plugin/schema.json", "docs/languages.md"];
const [, before] = /github\.com\/([\w-]+)\//.exec(JSON.parse(readFileSync("package.json", "utf8")).repository.url);
for (const file of files)
  rewrite(file, (text) =>
    text
      .replaceAll(new RegExp(`github\\.com/${before}\\b`, "g"), `github.com/${owner}`)
      .replaceAll(new RegExp(`@${before}\\b`, "g"), `@${owner}`),
  );
for (const file of mixed)
  rewrite(file, (text) => text.replaceAll(`github.com/${before}/pulumi-apikeys`, `github.com/${owner}/pulumi-apikeys`));
console.log(`The project lives at https://github.com/${owner}/pulumi-apikeys; before, it was ${before}'s.`);

function rewrite(file, change) {
  const text = readFileSync(file, "utf8");
  const written = change(text);
  if (written !== text) writeFileSync(file, written);
}
