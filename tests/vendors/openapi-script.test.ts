import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { serve, type VendorDouble } from "../doubles/double";
import { runScript } from "./support/run-script";

const script = resolve(__dirname, "../../scripts/openapi.d/main.mjs");

const operation = (properties: object) => ({
  post: { description: "makes a key", requestBody: { content: { "application/json": { schema: { properties } } } } },
});
const document = (properties: object, others: object = {}) => ({
  openapi: "3.0.3",
  paths: { "/keys": operation({ name: { type: "string" }, ...properties }), ...others },
});
const pinned = document(
  { days: { type: "integer", maximum: 365 } },
  { "/keys/{id}": operation({}), "/users": operation({}) },
);
const newest = document({ days: { type: "integer", maximum: 90 }, scopes: { type: "array" } }, { "/users": {} });

const directory = mkdtempSync(join(tmpdir(), "apikeys-openapi-"));
let github: VendorDouble;

beforeAll(async () => {
  const raw = (content: unknown) => () => ({ status: 200, body: content });
  github = await serve({
    basePath: "",
    notFound: { status: 404 },
    routes: { "GET /acme/api/abc123/openapi.json": raw(pinned), "GET /acme/api/HEAD/openapi.json": raw(newest) },
  });
});
afterAll(async () => {
  await github.close();
  rmSync(directory, { recursive: true });
});

async function openapi(sha256: string, ...args: string[]) {
  const sources = join(directory, "documents.json");
  const acme = { title: "Acme", repository: "acme/api", commit: "abc123", date: "2026-01-01", path: "openapi.json" };
  writeFileSync(sources, JSON.stringify({ acme: { ...acme, sha256, uses: ["/keys"] } }));
  const options = ["--base", github.url, "--sources", sources, "--into", directory];
  return runScript(script, [...options, ...args]);
}

const sum = (content: unknown) => createHash("sha256").update(JSON.stringify(content)).digest("hex");

test("A document is stored at its pinned commit, and one of another checksum is not.", async () => {
  const file = join(directory, "acme.json");
  expect(await openapi(sum(newest))).toEqual({ code: 1, text: expect.stringContaining("not stored") });
  expect(existsSync(file)).toBe(false);
  expect(await openapi(sum(pinned))).toEqual({ code: 0, text: `acme: ${file}\n` });
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(pinned);
});

test("What the newest document says otherwise is listed, in the operations that are used and nowhere else.", async () => {
  const { code, text } = await openapi(sum(pinned), "--latest");
  const schema = "/keys post requestBody content application/json schema properties";
  expect(code).toBe(0);
  expect(text.trim().split("\n")).toEqual([
    "acme: 3 changes since 2026-01-01",
    `  ~ ${schema} days maximum: 365 -> 90`,
    `  + ${schema} scopes`,
    "  - /keys/{id}",
  ]);
});

test("A vendor that there is not is told, with those that there are.", async () => {
  expect(await openapi(sum(pinned), "acne")).toEqual({ code: 2, text: expect.stringContaining("known: acme") });
});
