import { describe, expect, test } from "@jest/globals";
import { MockAgent } from "undici";
import { z } from "zod";
import * as errors from "../../../provider/errors";
import { parseAnswer } from "../../../provider/backends/parse-answer";
import { readCredential } from "../../../provider/connections/credentials";
import { createHttpClient } from "../../../provider/http/client";
import type { HttpMethod } from "../../../provider/http/request";
import { issueKey } from "../../../provider/resources/key/issue-key";
import { assertHoldsNone, textsOf } from "../../../testing/assertions";
import { FakeService } from "./support/fake-service";

const { ProviderError, ApiError, ConnectionError } = errors;

/** Values that no error may hold. None has a form that could be recognised. */
const canaries = ["admin-canary-1f6e", 'body canary/9c"2', "chosen-canary-77aa"] as const;
const [adminToken, bodySecret, chosenSecret] = canaries;

/** The error of a request whose answer repeats everything that it was sent. */
async function answered(
  status: number,
  { method = "POST", body }: { readonly method?: HttpMethod; readonly body?: string } = {},
): Promise<unknown> {
  const agent = new MockAgent();
  agent.disableNetConnect();
  const echo = JSON.stringify({
    error: { code: adminToken, message: `you sent Bearer ${adminToken} with ${bodySecret}` },
    errors: { secret: [`${chosenSecret} is taken`] },
  });
  agent
    .get("http://127.0.0.1:1")
    .intercept({ path: () => true, method })
    .reply(status, body ?? echo, {
      headers: { "x-request-id": adminToken, "content-type": `text/${encodeURIComponent(bodySecret)}` },
    });
  return request(agent, method);
}

/** The error of a request that breaks with this system error, which quotes what it can. */
async function broken(code: string): Promise<unknown> {
  const agent = new MockAgent();
  agent.disableNetConnect();
  const cause = Object.assign(new Error(`cannot send "authorization: Bearer ${adminToken}" and "${bodySecret}"`), {
    code,
  });
  agent
    .get("http://127.0.0.1:1")
    .intercept({ path: () => true, method: "POST" })
    .replyWithError(cause)
    .persist();
  return request(agent, "POST");
}

function request(dispatcher: MockAgent, method: HttpMethod): Promise<unknown> {
  const session = {
    credential: () => Promise.resolve({ headers: { authorization: `Bearer ${adminToken}` }, secrets: [adminToken] }),
    renew: () => Promise.resolve(false),
  };
  const clock = { nowMs: () => 0, sleep: () => Promise.resolve() };
  const http = createHttpClient({ url: "http://127.0.0.1:1", dispatcher, session, clock, retryBudgetMs: 0 });
  const sent = {
    method,
    path: `/keys/${encodeURIComponent(bodySecret)}`,
    json: { secret: chosenSecret },
    secrets: [bodySecret, chosenSecret],
  };
  return thrownBy(() => http.request(sent));
}

async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

async function unclear(): Promise<unknown> {
  const service = new FakeService({ secret: { shown: "once", callerChosen: true, form: "token" } });
  service.fail("createKey", new errors.ServerError({ status: 500, method: "POST", path: "/keys" }));
  return thrownBy(() =>
    issueKey(
      service.connection(),
      { scopes: ["read:checks"], secretValue: chosenSecret },
      { draw: () => "export-0123456789", exact: false },
      { nowMs: () => 0, sleep: () => Promise.resolve() },
    ),
  );
}

/** How each class comes about, from values that it must not hold. */
const origins: Readonly<Record<keyof typeof classes, () => Promise<unknown>>> = {
  BadRequestError: () => answered(422),
  AuthenticationError: () => answered(401),
  PermissionDeniedError: () => answered(403),
  NotFoundError: () => answered(404),
  ConflictError: () => answered(409),
  RateLimitError: () => answered(429),
  ServerError: () => answered(500),
  ConnectionError: () => broken("ECONNRESET"),
  ResponseShapeError: () => answered(200, { body: `{"secret": ${bodySecret}` }),
  ConfigError: () =>
    thrownBy(() =>
      readCredential("default", { kind: "env", variable: "ADMIN_TOKEN" }, { ADMIN_TOKEN: `${adminToken}\n` }),
    ),
  AmbiguousCreateError: unclear,
};

const classes = {
  BadRequestError: errors.BadRequestError,
  AuthenticationError: errors.AuthenticationError,
  PermissionDeniedError: errors.PermissionDeniedError,
  NotFoundError: errors.NotFoundError,
  ConflictError: errors.ConflictError,
  RateLimitError: errors.RateLimitError,
  ServerError: errors.ServerError,
  ConnectionError: errors.ConnectionError,
  ResponseShapeError: errors.ResponseShapeError,
  ConfigError: errors.ConfigError,
  AmbiguousCreateError: errors.AmbiguousCreateError,
} as const;

describe("no secret is in the message, the stack, the JSON or the inspection of", () => {
  test.each(Object.entries(classes))("%s", async (name, errorClass) => {
    const error = await origins[name as keyof typeof classes]();
    expect(error).toBeInstanceOf(errorClass);
    expect((error as Error).name).toBe(name);
    assertHoldsNone(error, [...canaries, encodeURIComponent(bodySecret), JSON.stringify(bodySecret).slice(1, -1)]);
  });

  test("an answer that has another form than the vendor documents", async () => {
    const error = await thrownBy(() =>
      parseAnswer("POST", "/keys", z.object({ id: z.string(), key: z.string() }), {
        id: 5,
        key: chosenSecret,
        [bodySecret]: adminToken,
      }),
    );
    expect(error).toBeInstanceOf(errors.ResponseShapeError);
    expect((error as Error).message).toBe(
      "POST /keys was answered in an unexpected form: the field \"id\" is a number. Check the connection's url and the service's version.",
    );
    assertHoldsNone(error, canaries);
  });

  test("every class of the tree that the table does not build with a secret at hand", () => {
    // Those of this list hold what their makers say, or are roots that nothing throws.
    const made = [
      "ProviderError",
      "InputError",
      "ApiError",
      "TimeoutError",
      "SecretUnavailableError",
      "ExposedSecretError",
    ];
    const all = Object.entries(errors as Record<string, unknown>).filter(
      ([, value]) => typeof value === "function" && value.prototype instanceof Error,
    );
    expect(all.map(([name]) => name).sort()).toEqual([...Object.keys(classes), ...made].sort());
  });
});

test("the canary would be found in each of the forms", () => {
  const error = Object.assign(new ProviderError("said aloud", { cause: new Error("hidden canary") }), {
    note: "kept canary",
  });
  expect(() => assertHoldsNone(error, ["canary"])).toThrow("holds a secret");
  expect(Object.keys(textsOf(error))).toEqual(["message", "stack", "JSON", "inspection", "cause"]);
});

describe("an error is told in one sentence", () => {
  test("with what was asked, the status, the vendor's words and the request id", () => {
    const facts = {
      status: 409,
      method: "POST",
      path: "/api-keys",
      detail: "A live key is already named export.",
      requestId: "req_7",
    };
    expect(new errors.ConflictError(facts).message).toBe(
      "POST /api-keys answered 409: A live key is already named export (request req_7).",
    );
    expect(
      new errors.ConflictError({ status: 409, method: "POST", path: "/api-keys" }, "Choose another name.").message,
    ).toBe("POST /api-keys answered 409. Choose another name.");
  });

  test("and carries only the facts that there are", () => {
    expect(JSON.parse(JSON.stringify(new ApiError({ status: 404, method: "GET", path: "/" })))).toEqual({
      name: "ApiError",
      status: 404,
      method: "GET",
      path: "/",
    });
  });
});

describe("an outcome is unclear", () => {
  const facts = { status: 500, method: "POST", path: "/keys" };
  const outcomes: readonly (readonly [string, Error, boolean])[] = [
    ["after a failure of the service", new errors.ServerError(facts), true],
    ["after an answer in an unexpected form", new errors.ResponseShapeError("cut"), true],
    ["after an answer without the secret", new errors.SecretUnavailableError("no secret"), true],
    ["after a connection that broke once the request was sent", new ConnectionError("broke", true), true],
    ["after a timeout", new errors.TimeoutError("late"), true],
    ["not after a request that never left", new ConnectionError("refused", false), false],
    ["not after a refusal", new errors.BadRequestError({ ...facts, status: 422 }), false],
    ["not after a limit", new errors.RateLimitError({ ...facts, status: 429 }), false],
    ["not after a wrong configuration", new errors.ConfigError("redirected"), false],
    ["after a slip in the code that reads the answer", new TypeError("x is not a function"), true],
  ];
  test.each(outcomes)("%s: %#", (_title, error, expected) => {
    expect(errors.isUnclear(error)).toBe(expected);
  });

  test.each(outcomes)("never in a step before the request that matters: %s", (_title, error, unclear) => {
    const told = errors.notYetSent("the login failed", error);
    expect(errors.isUnclear(told)).toBe(false);
    if (unclear) expect((told as Error).message).toContain(error.message);
    else expect(told).toBe(error);
  });
});
