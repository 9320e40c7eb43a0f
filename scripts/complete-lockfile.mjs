// Run this after every `npm install`. npm leaves three gaps in a lockfile, and this closes them:
//
// - An optional package that the registry in use does not serve (a mirror without the macOS and Windows binaries, say) is
//   left out, and `npm ci` then refuses the lockfile everywhere. Its entry is added.
// - Where node_modules exists already, npm drops `integrity`, and `npm ci` then verifies nothing. The values in git's
//   HEAD for the same version are restored; npm asks the registry for the rest.
// - `resolved` names the host that the packages came from. It is removed, so that any registry can be used: `integrity`
//   decides.
//
//   node scripts/complete-lockfile.mjs           writes package-lock.json
//   node scripts/complete-lockfile.mjs --check   changes nothing; exit code 1 names what is missing
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

const systems = ["aix", "android", "darwin", "freebsd", "linux", "openharmony", "win32"];
const processors = ["arm64", "arm", "ia32", "loong64", "ppc64", "riscv64", "s390x", "x64", "wasm32"];
const asText = (lock) => `${JSON.stringify(lock, null, 2)}\n`;

/** True for packages from a registry: not this project, its examples, or links to them. */
const fromRegistry = (lock) =>
  Object.entries(lock.packages).filter(([path, entry]) => path.includes("node_modules/") && !entry.link);
const nameOf = (path, entry) => entry.name ?? path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
const idOf = (path, entry) => `${nameOf(path, entry)}@${entry.version.replace(/^v/, "")}`;

function addOtherPlatforms(lock) {
  let added = 0;
  for (const [path, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const own = `${path}/node_modules/${name}`;
      const hoisted = `node_modules/${name}`;
      if (path === "" || lock.packages[own] || lock.packages[hoisted]) continue;
      const words = name.split(/[-/]/);
      const os = systems.find((word) => words.includes(word));
      const cpu = processors.find((word) => words.includes(word));
      if (!os || !/^\d+\.\d+\.\d+/.test(version)) continue;
      const dev = entry.dev ? { dev: true } : {};
      lock.packages[hoisted] = { version, ...(cpu ? { cpu: [cpu] } : {}), ...dev, optional: true, os: [os] };
      added += 1;
    }
  }
  return added;
}

function removeHosts(lock) {
  let removed = 0;
  for (const [, entry] of fromRegistry(lock)) {
    if (entry.resolved === undefined) continue;
    delete entry.resolved;
    removed += 1;
  }
  return removed;
}

const withoutIntegrity = (lock) => fromRegistry(lock).filter(([, entry]) => !entry.integrity);

/** @returns how many were known */
function addIntegrity(lock, known) {
  let added = 0;
  for (const [path, entry] of withoutIntegrity(lock)) {
    const integrity = known.get(idOf(path, entry));
    if (integrity === undefined) continue;
    // At the place where npm itself writes it: after the version.
    const { version, ...others } = entry;
    lock.packages[path] = { ...(entry.name ? { name: entry.name } : {}), version, integrity, ...others };
    added += 1;
  }
  return added;
}

const integrities = (lock) =>
  new Map(
    fromRegistry(lock).flatMap(([path, entry]) => (entry.integrity ? [[idOf(path, entry), entry.integrity]] : [])),
  );

function committed() {
  try {
    const text = execFileSync("git", ["show", "HEAD:package-lock.json"], { encoding: "utf8", maxBuffer: 2 ** 28 });
    return integrities(JSON.parse(text));
  } catch {
    return new Map(); // no git, or nothing committed yet
  }
}

/** Lets npm resolve exactly these versions in a separate folder. npm leaves out what the registry does not have. */
function fromNpm(ids) {
  const folder = mkdtempSync(join(tmpdir(), "apikeys-lockfile-"));
  try {
    const wanted = Object.fromEntries(ids.map((id, index) => [`wanted-${index}`, `npm:${id}`]));
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, optionalDependencies: wanted }));
    const flags = [
      "--package-lock-only",
      "--ignore-scripts",
      "--legacy-peer-deps",
      "--no-audit",
      "--no-fund",
      "--force",
    ];
    execFileSync("npm", ["install", ...flags, "--loglevel=error"], {
      cwd: folder,
      stdio: ["ignore", "ignore", "inherit"],
    });
    return integrities(JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8")));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
const check = process.argv.includes("--check");
const before = asText(lock);
const platforms = addOtherPlatforms(lock);
const hosts = removeHosts(lock);
let hashes = 0;
if (!check) {
  hashes += addIntegrity(lock, committed());
  const missing = withoutIntegrity(lock).map(([path, entry]) => idOf(path, entry));
  if (missing.length > 0) hashes += addIntegrity(lock, fromNpm([...new Set(missing)]));
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
const missing = withoutIntegrity(lock).map(([path, entry]) => idOf(path, entry));

if (check) {
  if (platforms > 0) console.error(`package-lock.json lacks ${platforms} optional packages of other platforms.`);
  if (hosts > 0) console.error(`package-lock.json names a registry's host for ${hosts} packages.`);
} else {
  if (asText(lock) !== before) writeFileSync("package-lock.json", asText(lock));
  console.log(
    `package-lock.json: ${platforms} packages of other platforms and ${hashes} hashes added, ${hosts} hosts removed`,
  );
}
if (missing.length > 0) console.error(`Without integrity, so that npm ci cannot verify them: ${missing.join(", ")}`);
if (missing.length > 0 || (check && platforms + hosts > 0)) {
  if (check) console.error("Run: node scripts/complete-lockfile.mjs");
  process.exitCode = 1;
}
