/**
 * One call of a service in a process of its own, so that its memory is what the call takes. Arguments: the
 * service's url, the attempt's timeout in milliseconds, and GET, POST or "list". Prints what it took as JSON.
 */
const { readFileSync } = require("node:fs");
const { transformSync } = require("@swc/core");

// The sources as they are, as jest reads them.
require.extensions[".ts"] = (module, filename) => {
  const { code } = transformSync(readFileSync(filename, "utf8"), {
    filename,
    jsc: { target: "es2022", parser: { syntax: "typescript" } },
    module: { type: "commonjs" },
  });
  module._compile(code, filename);
};

const { createConnections } = require("../../../provider/connections/connections");
const { createHttpClient } = require("../../../provider/http/client");

const [url, timeout, kind] = process.argv.slice(2);
const timeoutMs = Number(timeout);

function callOf() {
  if (kind !== "list") {
    const http = createHttpClient({ url, timeoutMs, retryBudgetMs: 0 });
    return (path) => http.request({ method: kind, path, json: kind === "POST" ? { name: "export" } : undefined });
  }
  const connection = { backend: "pulsely", url, tokenEnv: "ADMIN", timeout: `${timeoutMs / 1000}s`, retryBudget: "0s" };
  const settings = JSON.stringify({ default: connection });
  const connections = createConnections(
    { get: (key) => (key === "apikeys:connections" ? settings : undefined) },
    { ADMIN: "token" },
  );
  return () => connections.open("default").client.listKeys({});
}

async function main() {
  const call = callOf();
  await createHttpClient({ url }).request({ method: "GET", path: "/small" });
  // Of the process's whole life in KiB: what was loaded before is no part of the call.
  const before = process.resourceUsage().maxRSS;
  const began = performance.now();
  const outcome = await call("/big").then(
    () => "answered",
    (error) => `${error.name}: ${error.message}`,
  );
  const ms = performance.now() - began;
  const megabytes = (process.resourceUsage().maxRSS - before) / 1024;
  console.log(JSON.stringify({ ms, megabytes, outcome: outcome.slice(0, 600) }));
  process.exit();
}

void main();
