import { describe, expect, test } from "@jest/globals";
import {
  ApiError,
  AuthenticationError,
  BadRequestError,
  ConflictError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  ServerError,
} from "../../../../provider/errors";
import { errorForStatus, readErrorBody } from "../../../../provider/http/status";
import { readRetryAfter } from "../../../../provider/http/rate-limit-headers";

describe("a status becomes an error", () => {
  test.each([
    [400, BadRequestError],
    [401, AuthenticationError],
    [402, PermissionDeniedError],
    [403, PermissionDeniedError],
    [404, NotFoundError],
    [405, BadRequestError],
    [409, ConflictError],
    [410, NotFoundError],
    [413, BadRequestError],
    [418, BadRequestError],
    [422, BadRequestError],
    [429, RateLimitError],
    [500, ServerError],
    [501, ServerError],
    [503, ServerError],
    [599, ServerError],
    [102, ApiError],
  ] as const)("%d: %p", (status, errorClass) => {
    expect(errorForStatus({ status, method: "GET", path: "/keys" }).constructor).toBe(errorClass);
  });

  test.each([
    [401, /^GET \/keys answered 401\. The admin credential was not accepted: check/],
    [403, /^GET \/keys answered 403\. The admin credential may not do this: /],
    [404, /^GET \/keys answered 404\.$/],
    [500, /^GET \/keys answered 500\.$/],
  ])("that says what to do where that is known: %d", (status, message) => {
    expect(errorForStatus({ status, method: "GET", path: "/keys" }).message).toMatch(message);
  });

  test("that says how long the service asks to wait", () => {
    const error = errorForStatus({ status: 429, method: "GET", path: "/keys", retryAfterMs: 119_500 });
    expect(error.message).toBe(
      "GET /keys answered 429. The service is limiting requests and asks to wait 120 s: run again later, or with a lower --parallel.",
    );
  });
});

describe("the vendor's own words are found", () => {
  test.each([
    [
      "pulsely",
      { error: { code: "name_taken", message: "A live key is already named export." } },
      { code: "name_taken", detail: "A live key is already named export." },
    ],
    [
      "novavms",
      { error: "validation_failed", message: "scopes must be a list", request_id: "req_1" },
      { code: "validation_failed", detail: "scopes must be a list", requestId: "req_1" },
    ],
    [
      "pulseapi",
      {
        message: "The given data was invalid.",
        errors: { name: ["The name is required.", "It is text."], abilities: ["One is needed."] },
      },
      { detail: "The given data was invalid. (name: The name is required. It is text.; abilities: One is needed.)" },
    ],
    ["JupyterHub", { status: 403, message: null }, {}],
    ["JupyterHub, with words", { status: 400, message: "No such role: nope" }, { detail: "No such role: nope" }],
    [
      "Keystone",
      { error: { code: 401, message: "The request you have made requires authentication.", title: "Unauthorized" } },
      { detail: "The request you have made requires authentication." },
    ],
    [
      "ZenML",
      { detail: ["EntityExistsError", "the name is taken"] },
      { detail: "EntityExistsError: the name is taken" },
    ],
    ["ZenML, plain", { detail: "Not authenticated" }, { detail: "Not authenticated" }],
    ["ZenML, a bare list", ["ValueError", "1 validation error"], { detail: "ValueError: 1 validation error" }],
    [
      "FastAPI",
      { detail: [{ loc: ["body", "name"], msg: "field required", input: "the secret" }, { msg: "too long" }] },
      { detail: "field required: too long" },
    ],
    ["Keycloak", { errorMessage: "Client svc-a already exists" }, { detail: "Client svc-a already exists" }],
    [
      "OAuth",
      { error: "invalid_client", error_description: "Invalid client" },
      { code: "invalid_client", detail: "Invalid client" },
    ],
    [
      "a code alone",
      { error: "Could not find client" },
      { code: "Could not find client", detail: "Could not find client" },
    ],
    [
      "RabbitMQ",
      { error: "bad_request", reason: "vhost_or_user_not_found" },
      { code: "bad_request", detail: "vhost_or_user_not_found" },
    ],
    [
      "Elasticsearch",
      { error: { type: "security_exception", reason: "missing authentication credentials" }, status: 401 },
      { detail: "missing authentication credentials" },
    ],
    [
      "Confluent and Datadog",
      { errors: [{ title: "Conflict", detail: "A service account of that name exists", source: {} }] },
      { detail: "A service account of that name exists" },
    ],
    ["text", "Internal Server Error", { detail: "Internal Server Error" }],
    ["a page for people", "<!doctype html><h1>Bad gateway</h1>", {}],
    ["nothing", "", {}],
    ["an empty object", {}, {}],
    ["a number", 5, {}],
    ["null", null, {}],
    ["numbers where words should be", { error: { code: 5, message: 7 }, errors: 9, detail: 3 }, {}],
  ])("in the form of %s", (_vendor, body, expected) => {
    expect(readErrorBody(body, {}, [])).toEqual(expected);
  });

  test("the request id is taken from the header first", () => {
    expect(readErrorBody({ request_id: "body" }, { "x-request-id": "header" }, [])).toEqual({ requestId: "header" });
    expect(readErrorBody({}, { "request-id": "other-header" }, [])).toEqual({ requestId: "other-header" });
  });

  test.each([["with blanks"], ["<b>"], ["req_1\u200b"], ["r".repeat(129)], [""]])(
    "a request id that is none of any service is not told: %j",
    (told) => {
      expect(readErrorBody({}, { "x-request-id": told }, [])).toEqual({});
    },
  );

  test.each([
    ["a text that is none", { a: { toString: 1 } }, "(a)"],
    ["a value that is none", { a: [{ valueOf: "x" }], b: null }, "(a; b)"],
    ["a list of everything", { a: [1, true, null, ["deep"], { b: 1 }, "words"] }, "(a: 1 true words)"],
    [
      "own names of objects",
      JSON.parse('{"__proto__": ["odd"], "constructor": "odd"}'),
      "(__proto__: odd; constructor: odd)",
    ],
    ["a list in a list", [["x"], [[]]], undefined],
  ])("of a refused field in any form: %s", (_what, errors: unknown, detail) => {
    expect(readErrorBody({ errors }, {}, []).detail).toBe(detail);
  });

  test("of more refused fields than anybody reads are the first ones", () => {
    let deep: unknown = "deep";
    for (let depth = 0; depth < 5_000; depth += 1) deep = [deep];
    const errors = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`f${index}`, [deep]]));
    expect(readErrorBody({ errors }, {}, []).detail).toMatch(/^\(f0; f1; .*f19\)$/);
  });

  test("a body that goes on without end does no harm", () => {
    let body: unknown = "deep";
    for (let depth = 0; depth < 5_000; depth += 1) body = { detail: body, error: body };
    expect(readErrorBody(body, {}, [])).toEqual({});
  });
});

describe("Retry-After", () => {
  const now = Date.parse("2026-06-15T12:00:00Z");
  test.each([
    [undefined, undefined],
    ["7", 7_000],
    ["0", 0],
    [" 2 ", 2_000],
    ["1.5", 1_500],
    ["Mon, 15 Jun 2026 12:00:30 GMT", 30_000],
    ["Mon, 15 Jun 2026 11:00:00 GMT", 0],
    ["soon", undefined],
    ["", undefined],
    ["-5", undefined],
    ["99999999999", 86_400_000],
    ["Fri, 31 Dec 9999 23:59:59 GMT", 86_400_000],
    ["1".repeat(10_000), undefined],
    ["Infinity", undefined],
    ["1e99", undefined],
  ])("%p means %p milliseconds", (header, ms) => {
    expect(readRetryAfter(header, now)).toBe(ms);
  });

  test("of a day or more is told in words", () => {
    const { message } = errorForStatus({ status: 429, method: "GET", path: "/x", retryAfterMs: 86_400_000 });
    expect(message).toContain("asks to wait for a day or longer:");
  });
});

test.each([503, 429])("why the request was not sent again stands in the error of a %i", (status) => {
  const { message } = errorForStatus({ status, method: "GET", path: "/x" }, "Tried 7 times.");
  expect(message).toContain(`GET /x answered ${status}. Tried 7 times.`);
});
