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
      claim: "state of an ApiKey, plugin relative to dynamic",
      value: bytes("plugin", "ApiKey") / bytes("dynamic", "ApiKey"),
      limit: 0.9,
    },
  );
  return claims;
}

/** What an ApiKey's bytes are for, in words: [part, dynamic, plugin]. */
export async function partsOfState() {
  const tables = await withServices((services) =>
    ["dynamic", "plugin"].map((face) => tablesOf(services, face).find(({ name }) => name === "ApiKey")),
  );
  const bytes = (pick) => tables.map(({ rows }) => rows.reduce((sum, [name, sides]) => sum + pick(name, sides), 0));
  const both = ({ inputs = 0, outputs = 0 }) => inputs + outputs;
  const twice = (name, { inputs = 0, outputs = 0 }) =>
    name === "__provider" || name === "secret" ? 0 : Math.min(inputs, outputs);
  const isEngine = (name) => name.startsWith("(engine)");
  return [
    [
      "the engine's own: URN, provider, parent, times, dependencies",
      ...bytes((name, sides) => (isEngine(name) ? both(sides) : 0)),
    ],
    [
      "the text that the engine runs, in the inputs and again in the outputs",
      ...bytes((name, sides) => (name === "__provider" ? both(sides) : 0)),
    ],
    [
      "the secret, with the engine's envelope and encryption",
      ...bytes((name, sides) => (name === "secret" ? both(sides) : 0)),
    ],
    [
      "what stands in the inputs and again in the outputs: asked, and given",
      ...bytes((name, sides) => (isEngine(name) ? 0 : 2 * twice(name, sides))),
    ],
    [
      "the record of the key: ids, names, times, service",
      ...bytes((name, sides) =>
        isEngine(name) || name === "__provider" || name === "secret" ? 0 : both(sides) - 2 * twice(name, sides),
      ),
    ],
    ["all", ...tables.map(({ totalBytes }) => totalBytes)],
  ];
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
