// What the state of one resource consists of, by property, on both faces.
import { withServices } from "./services.mjs";
import { classesOf, Stack } from "./stack.mjs";

const program = `
new ServiceAccount("account-1", { connection: "novavms", role: "viewer" });
new ApiKey("key-1", { scopes: ["read:checks"] });
new RotatingApiKey("night-1", { scopes: ["read:checks"], rotateEvery: "90d" });`;

/** What the engine itself keeps of any resource. */
const ownSides = new Set(["inputs", "outputs"]);

export async function benchState() {
  const tables = await withServices((services) =>
    Object.fromEntries(["dynamic", "plugin"].map((face) => [face, tablesOf(services, face)])),
  );
  const claims = [];
  for (const [face, resources] of Object.entries(tables))
    for (const { name, rows, engineBytes, totalBytes } of resources) {
      console.log(`\n${face}, ${name}: ${totalBytes} bytes, of which ${engineBytes} are the engine's own`);
      console.log("  inputs outputs  property");
      for (const [property, { inputs = 0, outputs = 0 }] of rows)
        console.log(`  ${String(inputs).padStart(6)} ${String(outputs).padStart(7)}  ${property}`);
    }
  const bytes = (face, name) => tables[face].find((one) => one.name === name).totalBytes;
  claims.push(
    { claim: "state of an ApiKey, kB", value: bytes("dynamic", "ApiKey") / 1000, limit: 2.3 },
    {
      claim: "state of an ApiKey, plugin beside dynamic",
      value: bytes("plugin", "ApiKey") / bytes("dynamic", "ApiKey"),
      limit: 0.9,
    },
  );
  return claims;
}

function tablesOf(services, face) {
  const stack = new Stack(services);
  try {
    stack.program(classesOf(face) + program);
    stack.up();
    const resources = stack.resources().filter(({ type }) => type.includes("apikeys:") && !type.startsWith("pulumi:"));
    return resources.map(tableOf);
  } finally {
    stack.pulumi("destroy", "--yes", "--skip-preview");
    stack.discard();
  }
}

const size = (value) => Buffer.byteLength(JSON.stringify(value));

/** A property's bytes: its name, a colon, its value and a comma. */
function tableOf(resource) {
  const rows = new Map();
  for (const side of ownSides)
    for (const [name, value] of Object.entries(resource[side] ?? {}))
      rows.set(name, { ...rows.get(name), [side]: size(name) + size(value) + 2 });
  const engine = Object.fromEntries(Object.entries(resource).filter(([name]) => !ownSides.has(name)));
  for (const [name, value] of Object.entries(engine))
    rows.set(`(engine) ${name}`, { outputs: size(name) + size(value) + 2 });
  const sum = ({ inputs = 0, outputs = 0 }) => inputs + outputs;
  return {
    name: resource.type.split(":").at(-1),
    rows: [...rows].sort(([, a], [, b]) => sum(b) - sum(a)),
    engineBytes: size(engine),
    totalBytes: size(resource),
  };
}
