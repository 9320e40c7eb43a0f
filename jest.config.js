/** @type {import("jest").Config} */
const base = {
  rootDir: __dirname,
  testEnvironment: "node",
  transform: {
    "^.+\\.ts$": ["@swc/jest", { jsc: { target: "es2022", parser: { syntax: "typescript" } }, module: { type: "commonjs" } }],
  },
  modulePathIgnorePatterns: ["<rootDir>/dist"],
};

const suite = (displayName, testTimeoutMs) => ({
  ...base,
  displayName,
  testMatch: [`<rootDir>/tests/${displayName}/**/*.test.ts`],
  setupFilesAfterEnv: [],
  testTimeout: testTimeoutMs,
});

/** `--selectProjects unit contract` is what `./scripts/test --fast` runs. */
module.exports = {
  projects: [suite("unit"), suite("contract"), suite("engine"), suite("servers")].map(({ testTimeout, ...project }) => project),
  testTimeout: 20_000,
};
