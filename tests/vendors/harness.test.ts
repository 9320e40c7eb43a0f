import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Answer, fieldsOf, serve } from "../doubles/double";
import { type HeldVendor, startHeld } from "./support/describe-vendor";
import { prismIsMissing } from "./support/prism";

const text = { type: "string" };
const json = (schema: object) => ({ content: { "application/json": { schema } } });
const key = {
  type: "object",
  required: ["id"],
  properties: { id: text, owner: { $ref: "#/components/schemas/Owner" } },
};

/** A document of a vendor that there is not: what the harness finds must not hang on whose document it is. */
const document = {
  openapi: "3.0.3",
  info: { title: "Acme", version: "1" },
  paths: {
    "/keys": {
      get: {
        parameters: [{ name: "page", in: "query", schema: { type: "integer" } }],
        responses: { 200: { description: "", ...json({ type: "array", items: key }) } },
      },
      post: {
        requestBody: json({
          type: "object",
          required: ["name"],
          properties: {
            name: text,
            days: { type: "integer", maximum: 365 },
            owner: { allOf: [{ $ref: "#/components/schemas/Owner" }, { properties: { team: text } }] },
            labels: { type: "object", additionalProperties: text },
            grants: { type: "array", items: { type: "object", properties: { to: text } } },
          },
        }),
        responses: { 201: { description: "", ...json(key) }, 400: { description: "", ...json({ type: "object" }) } },
      },
    },
    "/keys/{id}": { delete: { responses: { 204: { description: "" }, 404: { description: "" } } } },
  },
  components: { schemas: { Owner: { type: "object", properties: { name: text } } } },
};

const missing = prismIsMissing();
if (missing !== undefined) process.stderr.write(`skipped: the tests of the vendors' harness: ${missing}\n`);

(missing === undefined ? describe : describe.skip)("A vendor's double behind the vendor's document", () => {
  const directory = mkdtempSync(join(tmpdir(), "apikeys-document-"));
  /** What the double answers to the next create. */
  let created: Answer;
  let vendor: HeldVendor<Awaited<ReturnType<typeof serve>>>;

  beforeAll(async () => {
    const file = join(directory, "acme.json");
    writeFileSync(file, JSON.stringify(document));
    vendor = await startHeld({ file, content: document }, () =>
      serve({
        basePath: "/api/v1",
        notFound: { status: 404 },
        routes: {
          "GET /keys": () => ({ status: 200, body: [{ id: "1" }] }),
          "POST /keys": ({ body }) => (fieldsOf(body).name === "refused" ? { status: 400, body: {} } : created),
          "DELETE /keys/{id}": ({ parts: [id] }) => ({ status: id === "1" ? 204 : 404 }),
        },
      }),
    );
  }, 60_000);
  afterAll(async () => {
    await vendor?.close();
    rmSync(directory, { recursive: true });
  }, 60_000);

  const ask = async (method: string, path: string, body?: unknown): Promise<number> => {
    const answer = await fetch(`${vendor.url}${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    await answer.arrayBuffer();
    return answer.status;
  };
  const create = (body: unknown) => ask("POST", "/keys", body);

  test("What the document allows passes, refusals of the vendor included.", async () => {
    created = { status: 201, body: { id: "2", owner: { name: "team-a" } } };
    const whole = {
      name: "ci",
      days: 90,
      owner: { name: "a", team: "b" },
      labels: { any: "thing" },
      grants: [{ to: "x" }],
    };
    expect([await create(whole), await create({ name: "refused" })]).toEqual([201, 400]);
    expect([await ask("GET", "/keys?page=2"), await ask("DELETE", "/keys/1"), await ask("DELETE", "/keys/9")]).toEqual([
      200, 204, 404,
    ]);
    expect(() => vendor.gate.assertHeld()).not.toThrow();
  });

  test.each([
    ["a required property that is missing", "POST", "/keys", { days: 1 }, /POST \/keys: .*required/],
    ["a value of another type", "POST", "/keys", { name: 7 }, /POST \/keys: .*string/],
    ["a number above the greatest", "POST", "/keys", { name: "ci", days: 366 }, /POST \/keys: .*365/],
    ["a slip in an optional property", "POST", "/keys", { name: "ci", day: 90 }, /POST \/keys: sends "\/day"/],
    ["a slip further in", "POST", "/keys", { name: "ci", owner: { nam: "a" } }, /sends "\/owner\/nam"/],
    [
      "a slip in a list",
      "POST",
      "/keys",
      { name: "ci", grants: [{ to: "a" }, { too: "b" }] },
      /sends "\/grants\/1\/too"/,
    ],
    [
      "a query that the operation does not take",
      "GET",
      "/keys?pages=2",
      undefined,
      /GET \/keys: sends the query "pages"/,
    ],
    ["a body where none is taken", "DELETE", "/keys/1", { id: "1" }, /DELETE \/keys\/1: sends a body/],
    ["a path that is not in the document", "GET", "/key", undefined, /GET \/key: .*NO_PATH_MATCHED/],
    ["a method that the path does not have", "PUT", "/keys/1", undefined, /PUT \/keys\/1: .*NO_METHOD_MATCHED/],
  ])("A request is refused by name for %s.", async (_what, method, path, body, words) => {
    created = { status: 201, body: { id: "2" } };
    await ask(method, path, body);
    expect(() => vendor.gate.assertHeld()).toThrow(words);
    expect(() => vendor.gate.assertHeld()).not.toThrow();
  });

  test.each([
    ["lacks what the document requires", { status: 201, body: {} }, /POST \/keys: .*required/],
    ["has another status than the document's", { status: 409, body: {} }, /POST \/keys: /],
    [
      "tells what no schema declares",
      { status: 201, body: { id: "2", secrte: "x" } },
      /the double answers with "\/secrte"/,
    ],
  ])("A double that %s is found out.", async (_what, answer, words) => {
    created = answer;
    await create({ name: "ci" });
    expect(() => vendor.gate.assertHeld()).toThrow(words);
  });
});
