import { afterEach, expect, test } from "@jest/globals";
import { PausedTraces } from "../../../sdk/paused-traces";

const tracing: { prepareStackTrace?: (error: Error, sites: NodeJS.CallSite[]) => unknown } = Error;
const { prepareStackTrace } = tracing;

afterEach(() => {
  if (prepareStackTrace) tracing.prepareStackTrace = prepareStackTrace;
});

const sdk = "/app/node_modules/@pulumi/pulumi";
/** As Node has them when a program makes a resource in a function: the SDK, the class, the program, Node, the SDK's start. */
const files = [
  `${sdk}/resource.js`,
  `${sdk}/resource.js`,
  "/app/node_modules/pulumi-apikeys/dist/sdk/api-key.js",
  "/app/keys.ts",
  undefined,
  "/app/index.ts",
  "node:internal/modules/cjs/loader",
  `${sdk}/cmd/run/run.js`,
  "node:internal/process/task_queues",
];
const sites = files.map((file) => ({ getFileName: () => file }) as NodeJS.CallSite);

test("The trace that a state keeps ends with the program's own lines.", () => {
  tracing.prepareStackTrace = (_error, kept) => kept.map((site) => site.getFileName());
  const traces = new PausedTraces();
  expect(tracing.prepareStackTrace(new Error(), sites)).toEqual(files.slice(0, 6));
  traces.resume();
  expect(tracing.prepareStackTrace(new Error(), sites)).toEqual(files);
});

test("Where nobody formats traces, V8 goes on doing so.", () => {
  delete tracing.prepareStackTrace;
  const traces = new PausedTraces();
  expect(tracing.prepareStackTrace).toBeUndefined();
  traces.resume();
  expect(tracing.prepareStackTrace).toBeUndefined();
});
