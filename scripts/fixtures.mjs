// See scripts/fixtures. Each case is a Pulumi program before and after the change (scripts/fixtures-cases.mjs).
import { spawn, spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { format, resolveConfig } from "prettier";
import { cases, reviewedAt } from "./fixtures-cases.mjs";
import { normalise } from "./fixtures-normalise.mjs";

const root = resolve(import.meta.dirname, "..");
const fixtures = join(root, "tests/fixtures/preview");
const words = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const onlyExpected = process.argv.includes("--expected");
const work = mkdtempSync(join(tmpdir(), "apikeys-fixtures-"));

/** A consumer that needs no plugin: it accepts any inputs and returns them. */
const consumer = `class Consumer extends pulumi.CustomResource {
  constructor(name, args, options) {
    super("pulumi-nodejs:dynamic/example:Consumer", name, { ...args, __provider: "exports.handler=()=>({check:async(o,n)=>({inputs:n}),create:async(i)=>({id:'consumer',outs:i}),update:async(i,o,n)=>({outs:n}),diff:async(i,o,n)=>({}),delete:async()=>{}})" }, options);
  }
}
`;
const head = `"use strict";
const pulumi = require("@pulumi/pulumi");
const { ServiceAccount, ApiKey, RotatingApiKey } = require("pulumi-apikeys");
${consumer}`;
const typescriptHead = `import * as pulumi from "@pulumi/pulumi";
import { ServiceAccount, ApiKey, RotatingApiKey } from "pulumi-apikeys";
${consumer.replace("(name, args, options)", "(name: string, args: object, options?: pulumi.CustomResourceOptions)")}`;

/** The package as users install it, compiled only for this run, so that dist/ stays untouched. */
function compile() {
  const copy = join(work, "package");
  mkdirSync(copy);
  cpSync(join(root, "package.json"), join(copy, "package.json"));
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  const tsc = [
    join(root, "node_modules/typescript/bin/tsc"),
    "-p",
    "tsconfig.build.json",
    "--outDir",
    join(copy, "dist"),
  ];
  const { status, stdout } = spawnSync(process.execPath, tsc, { cwd: root, encoding: "utf8" });
  // A type error elsewhere is a matter for the type check; the code is written anyway.
  if (status !== 0) process.stderr.write(`${stdout.split("\n")[0]}\n`);
  return copy;
}

const copy = compile();
const load = createRequire(join(copy, "package.json"));
/** @type {typeof import("../dist/review/review-preview.js")} */
const { reviewPreview } = load("./dist/review/review-preview.js");
/** @type {typeof import("../dist/review/render/markdown.js")} */
const { renderMarkdown } = load("./dist/review/render/markdown.js");
/** @type {typeof import("../dist/review/policy.js")} */
const { defaultPolicy } = load("./dist/review/policy.js");
/** @type {typeof import("../dist/review/policy-schema.js")} */
const { checkPolicy, policyJsonSchema } = load("./dist/review/policy-schema.js");
/** @type {typeof import("../dist/emulator/index.js")} */
const { startEmulator } = load("./dist/emulator/index.js");

let failed = 0;
for (const [index, each] of cases.entries()) {
  const name = `${String(index + 1).padStart(2, "0")}-${each.name}`;
  if (words.length > 0 && !words.some((word) => name.includes(word))) continue;
  const folder = join(fixtures, name);
  try {
    if (!onlyExpected) {
      const texts = each.derive ? { "preview.json": derive(each.derive) } : await capture(each);
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
      for (const [file, text] of Object.entries(texts)) writeFileSync(join(folder, file), text);
      writeFileSync(
        join(folder, "README.md"),
        `${each.about}${each.derive ? `\n\nDerived from ${each.derive.from} by scripts/fixtures: the engine cannot be made to print it.` : ""}\n`,
      );
      if (each.review) writeFileSync(join(folder, "review.json"), `${JSON.stringify(each.review, null, 2)}\n`);
    }
    writeFileSync(join(folder, "expected.md"), expected(folder));
    process.stdout.write(`${name}\n`);
  } catch (error) {
    failed += 1;
    process.stdout.write(`${name}: FAILED: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}
// Also made from the code: editors check apikeys-review.yaml with it.
const schema = join(root, "review/schema.json");
writeFileSync(
  schema,
  await format(JSON.stringify(policyJsonSchema()), { ...(await resolveConfig(schema)), filepath: schema }),
);
rmSync(work, { recursive: true, force: true });
process.exitCode = failed === 0 ? 0 : 1;

/** The report of a fixture, made in the same way as in tests/unit/review/fixtures.test.ts. */
function expected(folder) {
  const settings = existsSync(join(folder, "review.json"))
    ? JSON.parse(readFileSync(join(folder, "review.json"), "utf8"))
    : {};
  const { policy, maxChars, ...request } = settings;
  const report = reviewPreview({
    preview: readFileSync(join(folder, "preview.json"), "utf8"),
    policy: policyOf(policy),
    nowMs: Date.parse(reviewedAt),
    projectPath: "",
    failOn: "block",
    expectNoAccessChange: false,
    allowEmpty: false,
    ...request,
  });
  return renderMarkdown(report, maxChars ?? 64_000);
}

function policyOf(document) {
  if (document === undefined) return defaultPolicy;
  const checked = checkPolicy(document);
  if ("problems" in checked) throw new Error(checked.problems.join(" "));
  return { ...defaultPolicy, document: checked.document };
}

function derive(rule) {
  const { from, change, cut } = rule;
  const text = readFileSync(join(fixtures, from, "preview.json"), "utf8");
  if (cut !== undefined) return text.slice(0, Math.floor(text.length * cut));
  const changed = change(JSON.parse(text));
  return typeof changed === "string" ? changed : `${JSON.stringify(changed, null, 2)}\n`;
}

/** Not `spawnSync`: the emulator runs in this process. */
function run(command, args, options) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    const said = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"])
      child[stream].setEncoding("utf8").on("data", (text) => (said[stream] += text));
    child.once("error", fail);
    child.once("close", (status) => done({ status, ...said }));
  });
}

/** One case on the engine: `before` is applied, `after` is previewed. */
async function capture(each) {
  const services = await startEmulator({ limits: { pulsely: null, novavms: null, pulseapi: null } });
  const folder = mkdtempSync(join(work, "case-"));
  const project = join(folder, each.folder ?? "project");
  for (const name of ["home", "tmp", "backend"]) mkdirSync(join(folder, name));
  mkdirSync(join(project, "node_modules"), { recursive: true });
  symlinkSync(copy, join(project, "node_modules", "pulumi-apikeys"));
  symlinkSync(join(root, "node_modules/@pulumi"), join(project, "node_modules", "@pulumi"));
  writeFileSync(
    join(project, "package.json"),
    JSON.stringify({ name: "shop", private: true, main: each.typescript ? "index.ts" : "index.js" }),
  );
  const { pulsely, novavms } = services.services;
  const env = {
    PATH: process.env.PATH,
    HOME: join(folder, "home"),
    TMPDIR: join(folder, "tmp"),
    PULUMI_HOME: join(folder, "home", ".pulumi"),
    PULUMI_BACKEND_URL: `file://${join(folder, "backend")}`,
    PULUMI_CONFIG_PASSPHRASE: "fixtures",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    NO_COLOR: "1",
    PULSELY_ADMIN_TOKEN: pulsely.adminToken,
    NOVAVMS_ADMIN_TOKEN: novavms.adminToken,
  };
  const connections = {
    default: { backend: "pulsely", url: pulsely.url, tokenEnv: "PULSELY_ADMIN_TOKEN" },
    novavms: {
      backend: "novavms",
      url: novavms.url,
      tokenEnv: "NOVAVMS_ADMIN_TOKEN",
      allowUndocumentedEndpoints: true,
    },
  };
  const pulumi = (args, more = {}) =>
    run("pulumi", [...args, "--non-interactive"], { cwd: project, env: { ...env, ...more } });
  const clock = (now) =>
    fetch(`${services.url}/_emulator/clock`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ now }),
    });
  const write = (program, extra = {}) => {
    const config = {
      "apikeys:connections": {
        value: { ...connections, ...(extra.connections?.({ connections, origin: services.url }) ?? {}) },
      },
    };
    const runtime = { name: "nodejs", options: { typescript: each.typescript ?? false } };
    writeFileSync(join(project, "Pulumi.yaml"), JSON.stringify({ name: each.project ?? "shop", runtime, config }));
    writeFileSync(
      join(project, each.typescript ? "index.ts" : "index.js"),
      `${each.typescript ? typescriptHead : head}${program}\n`,
    );
    for (const [file, text] of Object.entries(extra.files ?? {})) writeFileSync(join(project, file), text);
  };
  const must = (run, what) => {
    if (run.status !== 0) throw new Error(`${what}: ${run.stdout}\n${run.stderr}`);
    return run;
  };
  try {
    write(each.before ?? "");
    must(await pulumi(["stack", "init", each.stack ?? "prod"]), "stack init");
    if (each.before !== undefined) {
      await clock(each.appliedAt ?? "2027-01-15T10:00:00Z");
      must(
        await pulumi(["up", "--yes", "--skip-preview", "--parallel", "1"], {
          APIKEYS_NOW: each.appliedAt ?? "2027-01-15T10:00:00Z",
        }),
        "up",
      );
    }
    await clock(reviewedAt);
    if (each.between)
      await each.between({
        services,
        pulumi: (args, more) => pulumi(args, { APIKEYS_NOW: reviewedAt, ...more }),
        write,
      });
    write(each.after, each.extra);
    const preview = await pulumi(
      [
        "preview",
        "--json",
        ...(each.sames === false ? [] : ["--show-sames"]),
        "--parallel",
        "1",
        ...(each.flags ?? []),
      ],
      { APIKEYS_NOW: reviewedAt, ...each.env },
    );
    if ((preview.status !== 0) !== (each.fails ?? false))
      throw new Error(`preview ended with ${preview.status}: ${preview.stdout.slice(-3000)}\n${preview.stderr}`);
    return { "preview.json": normalise(preview.stdout, { folder, origin: services.url, root }) };
  } finally {
    await pulumi(["destroy", "--yes", "--skip-preview"], { APIKEYS_NOW: reviewedAt });
    await services.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
