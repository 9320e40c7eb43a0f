// Writes the files that are published with a release: its notes (the changelog's section, the result of `npm audit`)
// and its SBOM.
//
//   node scripts/release-notes.mjs FOLDER     FOLDER/notes.md, FOLDER/sbom.cdx.json
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error("usage: node scripts/release-notes.mjs FOLDER");
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
const { name, version } = JSON.parse(readFileSync("package.json", "utf8"));

const { status, stdout, stderr } = npm("sbom", "--sbom-format=cyclonedx", "--sbom-type=library");
if (status !== 0) throw new Error(`npm sbom failed: ${stderr}`);
writeFileSync(join(folder, "sbom.cdx.json"), stdout);
const components = JSON.parse(stdout).components.length;

writeFileSync(
  join(folder, "notes.md"),
  [
    changes(readFileSync("CHANGELOG.md", "utf8")),
    "## Supply chain",
    `- \`sbom.cdx.json\` (CycloneDX) lists the ${components} packages that ${name} ${version} brings with it or asks its project for.`,
    `- \`npm audit --omit=dev\`: ${audit()}`,
    "- The package carries provenance: `npm audit signatures` in a project that has it installed verifies it.",
    "",
  ]
    .join("\n\n")
    .replaceAll("\n\n- ", "\n- "),
);

/** This version's section of the changelog, or the section that will become it. */
function changes(changelog) {
  const sections = changelog.split(/^(?=## )/m);
  const own = sections.find((section) => section.startsWith(`## ${version} `));
  const [, ...lines] = (own ?? sections.find((section) => section.startsWith("## Unreleased")) ?? "").split("\n");
  return `# ${name} ${version}${own ? "" : " (draft)"}\n\n${lines.join("\n").trim()}`.replaceAll(/^### /gm, "## ");
}

function audit() {
  const { stdout: text } = npm("audit", "--json");
  let found;
  try {
    found = JSON.parse(text).metadata.vulnerabilities;
  } catch {
    return "the registry in use gives no answer, so nothing is claimed.";
  }
  const known = Object.entries(found).filter(([level, count]) => level !== "total" && count > 0);
  if (known.length === 0) return "no known vulnerabilities.";
  return `**${known.map(([level, count]) => `${count} ${level}`).join(", ")}**.`;
}

/** Runs npm on the dependencies of the package's users: no development dependencies and no examples. */
function npm(...words) {
  const manifest = JSON.parse(readFileSync("package.json", "utf8"));
  const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
  for (const own of [manifest, lock.packages[""]]) {
    delete own.workspaces;
    delete own.devDependencies;
  }
  const installed = Object.entries(lock.packages).filter(([path, { link }]) => !link && !path.startsWith("examples/"));
  lock.packages = Object.fromEntries(installed);
  const scratch = mkdtempSync(join(tmpdir(), "apikeys-release-"));
  try {
    writeFileSync(join(scratch, "package.json"), JSON.stringify(manifest));
    writeFileSync(join(scratch, "package-lock.json"), JSON.stringify(lock));
    const run = (...all) =>
      spawnSync("npm", [...all, "--package-lock-only"], { cwd: scratch, encoding: "utf8", maxBuffer: 2 ** 28 });
    // Drops the project's own dependencies, and marks again which package belongs to what.
    const { status: pruned, stderr } = run("install", "--ignore-scripts", "--prefer-offline");
    if (pruned !== 0) throw new Error(`npm install failed: ${stderr}`);
    return run(...words, "--omit=dev");
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
