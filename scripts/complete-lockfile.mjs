// `npm install` leaves an optional package out of the lockfile where the registry in use does not
// serve it (a mirror without the macOS and Windows binaries, say), and `npm ci` then refuses the
// lockfile everywhere. This adds the missing entries: run it after every `npm install`.
import { readFileSync, writeFileSync } from "node:fs";

const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
const systems = ["aix", "android", "darwin", "freebsd", "linux", "openharmony", "win32"];
const processors = ["arm64", "arm", "ia32", "loong64", "ppc64", "riscv64", "s390x", "x64", "wasm32"];
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
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync("package-lock.json", `${JSON.stringify(lock, null, 2)}\n`);
console.log(`package-lock.json: ${added} optional packages of other platforms added`);
