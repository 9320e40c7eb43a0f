const { join } = require("node:path");

// Both would otherwise keep a cache of their own in the user's temporary directory and cache folder.
const caches = join(__dirname, "node_modules", ".cache");
process.env.SWC_NATIVE_BINDING_CACHE ??= caches;

/** @type {import("jest").Config} */
const shared = {
  rootDir: __dirname,
  testEnvironment: "node",
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      { jsc: { target: "es2022", parser: { syntax: "typescript" } }, module: { type: "commonjs" } },
    ],
  },
  cacheDirectory: join(caches, "jest"),
  setupFiles: ["<rootDir>/tests/support/seed.ts"],
  modulePathIgnorePatterns: ["<rootDir>/dist"],
  // A backend of one's own, loaded by a test, throws the errors of the sources and not those of dist/.
  moduleNameMapper: { "^pulumi-apikeys/backend$": "<rootDir>/provider/backend.ts" },
};

const project = (name) => ({ ...shared, displayName: name, testMatch: [`<rootDir>/tests/${name}/**/*.test.ts`] });

/**
 * unit: no sockets · contract: against the emulator · simulation: long runs in-process ·
 * engine: the real `pulumi` · servers: real servers from registry packages ·
 * vendors: doubles of vendors, behind the API documents that these publish ·
 * handover: keys given to a real server of a consumer, by scripts/handover.
 */
module.exports = {
  projects: ["unit", "contract", "simulation", "engine", "crash", "servers", "vendors", "handover"].map(project),
  testTimeout: 30_000,
};
