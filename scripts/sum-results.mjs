// Adds up the result files of several jest runs, and ends with one plain line. A run without a result, or a test file
// that could not be loaded, counts as a failure.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [dir] = process.argv.slice(2);
const files = readdirSync(dir).filter((name) => name.endsWith(".json"));
let passed = 0;
let failed = files.length === 0 ? 1 : 0;
let skipped = 0;
for (const file of files) {
  const result = JSON.parse(readFileSync(join(dir, file), "utf8"));
  passed += result.numPassedTests;
  failed += result.numFailedTests + result.numRuntimeErrorTestSuites;
  skipped += result.numPendingTests + result.numTodoTests;
  if (!result.success && result.numFailedTests + result.numRuntimeErrorTestSuites === 0) failed += 1;
  for (const suite of result.testResults.filter(({ status }) => status === "failed")) {
    console.log(`failed: ${suite.name.replace(`${process.cwd()}/`, "")}`);
    for (const test of suite.assertionResults.filter(({ status }) => status === "failed"))
      console.log(`  ${test.fullName}`);
  }
}
if (skipped > 0) console.log(`\nskipped: ${skipped}`);
// A CI machine has, or gets, everything that the tests need, so a test that was skipped there is not known to pass.
if (skipped > 0 && process.env.CI) failed += skipped;
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
