// Runs before `npm publish`, and refuses whatever could not be undone. With --dry-run it only says what it would
// refuse.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

const git = (...words) => execFileSync("git", words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
const { version, repository } = JSON.parse(readFileSync("package.json", "utf8"));
const changelog = readFileSync("CHANGELOG.md", "utf8");
const problems = [];

if (repository.url.includes("github.com/OWNER/"))
  problems.push("package.json names no owner yet. Run: node scripts/project-home.mjs OWNER");
if (!new RegExp(`^## ${version.replaceAll(".", "\\.")} \\(\\d{4}-\\d\\d-\\d\\d\\)$`, "m").test(changelog))
  problems.push(`CHANGELOG.md has no section "## ${version} (YYYY-MM-DD)".`);
try {
  if (git("status", "--porcelain") !== "") problems.push("The checkout has uncommitted changes.");
  if (!git("tag", "--points-at", "HEAD").split("\n").includes(`v${version}`))
    problems.push(`The tag v${version} is not on this commit.`);
} catch {
  problems.push("This is not a git checkout.");
}
const lockfile = join(import.meta.dirname, "complete-lockfile.mjs");
if (spawnSync(process.execPath, [lockfile, "--check"]).status !== 0)
  problems.push("package-lock.json is incomplete. Run: node scripts/complete-lockfile.mjs");

const dryRun = process.env.npm_config_dry_run === "true";
for (const problem of problems) console.error(`${dryRun ? "would be refused" : "refused"}: ${problem}`);
if (problems.length > 0 && !dryRun) process.exitCode = 1;
