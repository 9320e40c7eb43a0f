import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Agent } from "undici";
import { fieldsOf } from "../../provider/backends/fields-of";
import {
  AuthenticationError,
  BadRequestError,
  ConfigError,
  ConflictError,
  ConnectionError,
  isUnclear,
  NotFoundError,
  RateLimitError,
  ResponseShapeError,
  ServerError,
  TimeoutError,
} from "../../provider/errors";
import { createHttpClient, type HttpClientOptions } from "../../provider/http/client";
import { type HttpClient, type HttpMethod, type HttpRequest, path } from "../../provider/http/request";
import { withUnseenSecret } from "../../provider/secrets/unseen-secret";
import { type Behaviour, ok, type ScriptedServer, startScriptedServer } from "./support/scripted-server";

let server: ScriptedServer;
let agent: Agent;
beforeEach(async () => {
  server = await startScriptedServer();
  agent = new Agent({ connections: 4 });
});
afterEach(async () => {
  await agent.destroy();
  await server.close();
});

/** A client whose waits are over at once, and the waits it asked for. */
function impatient(options: Partial<HttpClientOptions> = {}): { readonly http: HttpClient; readonly waits: number[] } {
  const waits: number[] = [];
  let now = 0;
  const clock = {
    nowMs: () => now,
    sleep: (ms: number) => {
      waits.push(ms);
      now += ms;
      return Promise.resolve();
    },
  };
  return {
    http: createHttpClient({ url: server.url, dispatcher: agent, clock, random: () => 0.5, ...options }),
    waits,
  };
}

async function failureOf(call: Promise<unknown>): Promise<Error> {
  const outcome: unknown = await call.then(
    () => "it succeeded",
    (error: unknown) => error,
  );
  if (!(outcome instanceof Error)) throw new Error(`expected a failure, but ${String(outcome)}`);
  return outcome;
}

const get: HttpRequest = { method: "GET", path: "/keys" };
const create: HttpRequest = { method: "POST", path: "/keys", json: { name: "export" } };
const status = (code: number, headers: Record<string, string> = {}, body = "{}"): Behaviour => ({
  status: code,
  headers,
  body,
});

describe("when the service limits requests", () => {
  test("the seconds that it names are waited out, even for a create", async () => {
    server.script(status(429, { "retry-after": "7" }), ok);
    const { http, waits } = impatient();
    await http.request(create);
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeGreaterThanOrEqual(7_000);
    expect(waits[0]).toBeLessThan(8_500);
    expect(server.requests.map(({ body }) => body)).toEqual(['{"name":"export"}', '{"name":"export"}']);
  });

  test("the date that it names is waited for", async () => {
    server.script(status(429, { "retry-after": new Date(Date.now() + 40_000).toUTCString() }), ok);
    const { http, waits } = impatient();
    await http.request(get);
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeGreaterThan(20_000);
    expect(waits[0]).toBeLessThan(42_000);
  });

  test("a wait that it does not name grows from one attempt to the next", async () => {
    server.script(status(429), status(429), status(429), ok);
    const { http, waits } = impatient();
    await http.request(create);
    expect(waits).toEqual([250, 500, 1_000]);
  });

  test.each([
    ["none", "0"],
    ["one that is over", new Date(0).toUTCString()],
  ])("a wait that it names as %s grows, too: a limit is not answered with a hail of calls", async (_title, header) => {
    server.script(
      status(429, { "retry-after": header }),
      status(429, { "retry-after": header }),
      status(429, { "retry-after": header }),
      ok,
    );
    const { http, waits } = impatient();
    await http.request(create);
    expect(waits).toEqual([250, 500, 1_000]);
  });

  test("a longer wait than the budget is not begun, and the error says how long it would be", async () => {
    server.script(
      status(429, { "retry-after": "120" }, '{"error":{"code":"rate_limited","message":"60 requests a minute"}}'),
    );
    const { http, waits } = impatient();
    const error = await failureOf(http.request(create));
    expect(error).toBeInstanceOf(RateLimitError);
    expect(error).toMatchObject({ status: 429, retryAfterMs: 120_000, code: "rate_limited" });
    expect(error.message).toContain("60 requests a minute");
    expect(waits).toEqual([]);
    expect(server.requests).toHaveLength(1);
  });

  test("all waits together stay within the budget", async () => {
    server.script(status(429, { "retry-after": "5" }));
    const { http, waits } = impatient({ retryBudgetMs: 22_000 });
    expect(await failureOf(http.request(get))).toBeInstanceOf(RateLimitError);
    expect(waits.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(22_000);
    expect(server.requests).toHaveLength(waits.length + 1);
    expect(waits.length).toBeGreaterThan(2);
  });
});

describe("when the service fails", () => {
  const repeated: readonly HttpMethod[] = ["GET", "PUT", "DELETE"];
  test.each(repeated)("a %s is sent again", async (method) => {
    server.script(status(503), status(500), ok);
    const { http } = impatient();
    await http.request({ method, path: "/keys/1" });
    expect(server.requests).toHaveLength(3);
  });

  const once: readonly HttpMethod[] = ["POST", "PATCH"];
  test.each(once)("a %s is not sent again: the service may have acted on it", async (method) => {
    server.script(status(503), ok);
    const { http, waits } = impatient();
    const error = await failureOf(http.request({ method, path: "/keys", json: {} }));
    expect(error).toBeInstanceOf(ServerError);
    expect(isUnclear(error)).toBe(true);
    expect(server.requests).toHaveLength(1);
    expect(waits).toEqual([]);
  });

  test("a PATCH that has the same effect twice is sent again where the backend says so", async () => {
    server.script(status(502), ok);
    const { http } = impatient();
    await http.request({ method: "PATCH", path: "/keys/1", json: {}, idempotent: true });
    expect(server.requests).toHaveLength(2);
  });

  test("it is given up when the budget is used up", async () => {
    server.script(status(503));
    const { http, waits } = impatient();
    expect(await failureOf(http.request(get))).toBeInstanceOf(ServerError);
    expect(waits.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(60_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(15_000);
  });
});

describe("when the connection breaks", () => {
  test("a read is sent again", async () => {
    server.script("drop", "truncate", ok);
    const { http } = impatient();
    expect((await http.request(get)).body).toEqual({ ok: true });
    expect(server.requests).toHaveLength(3);
  });

  const breaks = ["drop", "truncate"] as const;
  test.each(breaks)("a create that meets a %s is not sent again, and counts as sent", async (behaviour) => {
    server.script(behaviour, ok);
    const { http } = impatient();
    const error = await failureOf(http.request(create));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ sent: true });
    expect(isUnclear(error)).toBe(true);
    expect(server.requests).toHaveLength(1);
  });

  test("a create that nobody listens to is tried a few times, and counts as never sent", async () => {
    await server.close();
    const { http, waits } = impatient();
    const error = await failureOf(http.request(create));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ sent: false });
    expect(isUnclear(error)).toBe(false);
    expect(error.message).toBe(
      `POST /keys: the service cannot be reached at ${server.url} (ECONNREFUSED). Is it running? \`apikeys emulator\` starts the embedded services. Tried 4 times: check the connection's url and the network.`,
    );
    expect(waits).toHaveLength(3);
    server = await startScriptedServer();
  });

  test("a create to an address that speaks no TLS counts as never sent: there was no connection to send it on", async () => {
    const url = server.url.replace("http:", "https:");
    const clock = { nowMs: () => 0, sleep: () => Promise.resolve() };
    const error = await failureOf(createHttpClient({ url, clock }).request(create));
    expect(error).toMatchObject({ sent: false });
    expect(error.message).toBe(
      `POST /keys: the service cannot be reached at ${url} (ERR_SSL_WRONG_VERSION_NUMBER). Nothing there speaks TLS: check the port, and https. Tried once: check the connection's url and the network.`,
    );
  });

  test("a create whose TLS handshake is cut off is tried a few times, and counts as never sent", async () => {
    let connections = 0;
    const cutting = createServer((socket) => {
      connections += 1;
      socket.once("data", () => socket.destroy());
    }).listen(0, "127.0.0.1");
    await once(cutting, "listening");
    try {
      const url = `https://127.0.0.1:${(cutting.address() as AddressInfo).port}`;
      const clock = { nowMs: () => 0, sleep: () => Promise.resolve() };
      expect(await failureOf(createHttpClient({ url, clock }).request(create))).toMatchObject({ sent: false });
      expect(connections).toBe(4);
    } finally {
      cutting.close();
    }
  });

  test("a create that is cut off on the connections that are shared counts as sent, too", async () => {
    server.script("drop");
    expect(await failureOf(createHttpClient({ url: server.url }).request(create))).toMatchObject({ sent: true });
  });

  test("a create that gets no answer in time counts as sent", async () => {
    server.script("hang");
    // Time enough for the connection itself, on a busy machine too.
    const { http } = impatient({ timeoutMs: 1_000 });
    const error = await failureOf(http.request(create));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({
      sent: true,
      message: `POST /keys: no complete answer from ${server.url} within 1 s. If it often takes longer, raise "timeout" of the connection. Tried once, and not again: the service may have acted on the request.`,
    });
    expect(server.requests).toHaveLength(1);
  });

  test("the last attempt of a read has what is left of the budget, and no more", async () => {
    server.script("hang");
    let now = 0;
    const clock = { nowMs: () => now, sleep: () => Promise.resolve(void (now = 99_960)) };
    const { http } = impatient({ clock, timeoutMs: 80, retryBudgetMs: 100_000 });
    const error = await failureOf(http.request(get).finally(() => (now = 0)));
    expect(error.message).toBe(
      `GET /keys: no complete answer from ${server.url} within 0.04 s. If it often takes longer, raise "timeout" of the connection. Tried 2 times, until the retry budget of 100 s is used up: run again once the service is well, or raise retryBudget in the connection.`,
    );
  });

  test("the last attempt of a create keeps its full time: cut short, its outcome would be unknown", async () => {
    server.script(status(429), "hang");
    let now = 0;
    const clock = { nowMs: () => now, sleep: () => Promise.resolve(void (now = 99_960)) };
    const { http } = impatient({ clock, timeoutMs: 80, retryBudgetMs: 100_000 });
    expect((await failureOf(http.request(create))).message).toContain("within 0.08 s.");
  });

  test("a read that gets no answer in time is sent again", async () => {
    server.script("hang", ok);
    const { http } = impatient({ timeoutMs: 50 });
    expect((await http.request(get)).body).toEqual({ ok: true });
  });
});

describe("when the answer is not the service's", () => {
  test.each([
    ["garbage", "not json at all sk_live_0123456789"],
    ["cut JSON", '{"id":"sk_live_0123456789"'],
    ["a page for people", "<html>sk_live_0123456789</html>"],
  ])("%s is an unexpected form, and is not quoted", async (_title, body) => {
    server.script({ status: 200, headers: { "content-type": "text/html; charset=utf-8" }, body });
    const { http } = impatient();
    const error = await failureOf(http.request(create));
    expect(error).toBeInstanceOf(ResponseShapeError);
    expect(isUnclear(error)).toBe(true);
    expect(error.message).toContain(
      `POST /keys answered 200 with a body that is not JSON (text/html, ${body.length} characters)`,
    );
    expect(inspect(error)).not.toContain("sk_live_");
  });

  test("a redirect is not followed, so the credential stays with one origin", async () => {
    const other = await startScriptedServer();
    try {
      for (const code of [301, 302, 307, 308]) {
        server.script({ status: code, headers: { location: `${other.url}/keys` } });
        const { http } = impatient();
        const error = await failureOf(http.request(get));
        expect(error).toBeInstanceOf(ConfigError);
        expect(error.message).toContain(
          `GET /keys was redirected (${code}) to another port of the same host. Redirects are not followed`,
        );
        expect(error.message).not.toContain(new URL(other.url).port);
      }
      expect(other.requests).toEqual([]);
      expect(server.requests).toHaveLength(4);
    } finally {
      await other.close();
    }
  });

  test.each([301, 302, 303, 307, 308, 300, 304, 399])(
    "a %i to a write does not say whether it was done",
    async (code) => {
      server.script({ status: code, headers: { location: "/elsewhere" } });
      for (const method of ["POST", "PATCH"] as const) {
        const error = await failureOf(impatient().http.request({ ...create, method }));
        expect(isUnclear(error)).toBe(true);
        expect(error.message).toContain(
          `${method} /keys was redirected (${code}) to another path of the same server. Redirects are not followed`,
        );
        // The address may hold the new key.
        expect(error.message).not.toContain("elsewhere");
      }
      // Doing it again has the same effect, so nothing is unclear: the address is wrong.
      expect(await failureOf(impatient().http.request({ method: "DELETE", path: "/keys/1" }))).toBeInstanceOf(
        ConfigError,
      );
    },
  );

  test.each([408, 444, 460, 499])("a %i to a create comes from in between, and is unclear", async (code) => {
    server.script(status(code, {}, '{"message":"closed"}'));
    const error = await failureOf(impatient().http.request(create));
    expect(isUnclear(error)).toBe(true);
    expect(error.message).toContain("That does not say whether the service has acted.");
  });

  test("the type of a body is told where it is a usual one: a header may hold anything", async () => {
    for (const [type, told] of [
      ["Text/HTML; charset=utf-8", "text/html"],
      ["s k _ l i v e _ 0 1 2 3", "an unusual type"],
      ["text/sk_live_0123456789", "an unusual type"],
    ] as const) {
      server.script({ status: 200, headers: { "content-type": type }, body: "no JSON" });
      expect((await failureOf(impatient().http.request(get))).message).toContain(`not JSON (${told}, 7 characters)`);
    }
  });

  test("after a create of unknown outcome a refusal is told without the service's words", async () => {
    const refusal = status(403, { "x-request-id": "req-1" }, '{"message":"no s k _ l i v e","code":"no"}');
    server.script(refusal, refusal);
    const at = { ...get, path: path`/keys/${"s k _"}/x` };
    expect((await failureOf(impatient().http.request(at))).message).toContain(
      "GET /keys/s%20k%20_/x answered 403: no s k _ l i v e (request req-1). The admin",
    );
    expect((await failureOf(withUnseenSecret(() => impatient().http.request(at)))).message).toContain(
      "GET /keys/…/x answered 403. The admin",
    );
  });

  test("more headers than are read are told as such, and a create is unclear", async () => {
    server.script({ status: 201, headers: { "x-much": "a".repeat(20_000) }, body: "{}" });
    const error = await failureOf(impatient({ retryBudgetMs: 0 }).http.request(create));
    expect(error.message).toContain("POST /keys: the answer has more headers than the 16 KiB that are read");
    expect(isUnclear(error)).toBe(true);
  });

  test("JSON that is nested without end is an answer in an unexpected form, in a refusal as well", async () => {
    const body = "[".repeat(1_000_000);
    server.script({ status: 201, body });
    const error = await failureOf(impatient().http.request(create));
    expect(error.message).toContain("POST /keys answered with JSON that is nested deeper than 64 levels");
    expect(isUnclear(error)).toBe(true);
    server.script(status(422, {}, `{"errors":{"a":{"toString":1}},"b":${body}`), status(422, {}, body));
    for (const _answer of [1, 2]) {
      const refused = await failureOf(impatient().http.request(create));
      expect(refused).toBeInstanceOf(BadRequestError);
      expect(refused.message).toBe("POST /keys answered 422.");
    }
  });

  test("JSON that begins with a byte order mark is JSON", async () => {
    server.script({ status: 200, body: '\ufeff{"ok":true}' });
    expect((await impatient().http.request(get)).body).toEqual({ ok: true });
  });

  test("an endless body is cut off", async () => {
    server.script({ status: 200, body: " ".repeat(17 * 1024 * 1024) });
    const { http } = impatient();
    expect((await failureOf(http.request(get))).message).toBe("GET /keys answered with more than 16 MiB.");
  });

  test("a status that means absence is no error", async () => {
    server.script(status(404, {}, '{"error":"not_found"}'));
    const { http } = impatient();
    expect(await http.request({ ...get, absent: [404] })).toMatchObject({ absent: true, body: undefined });
    expect(await failureOf(http.request(get))).toBeInstanceOf(NotFoundError);
  });

  test("a page for people that says 404 proves no absence: the address is wrong", async () => {
    server.script(status(404, { "content-type": "text/html" }, "<!doctype html><title>Not found</title>"));
    const { http } = impatient();
    expect(await failureOf(http.request({ ...get, absent: [404] }))).toBeInstanceOf(ResponseShapeError);
    expect(await http.request({ ...get, absent: [404], expectJson: false })).toMatchObject({ absent: true });
  });

  test("a refusal that only the body tells is taken for what it says", async () => {
    const statusOf = (body: unknown) => fieldsOf(body, { code: "number?" }).code;
    const said = (code: number) => status(200, {}, JSON.stringify({ code, message: "no such key" }));
    server.script(said(404), said(404), said(409), status(200, {}, '["another form"]'), ok);
    const { http } = impatient();
    expect(await http.request({ ...get, statusOf, absent: [404] })).toMatchObject({ absent: true, body: undefined });
    expect(await failureOf(http.request({ ...get, statusOf }))).toMatchObject({ status: 404, detail: "no such key" });
    expect(await failureOf(http.request({ ...create, statusOf }))).toBeInstanceOf(ConflictError);
    const strict = (body: unknown) => fieldsOf(body, { code: "number" }).code;
    expect(await failureOf(http.request({ ...get, statusOf: strict }))).toBeInstanceOf(ResponseShapeError);
    expect(await http.request({ ...get, statusOf })).toMatchObject({ status: 200, body: { ok: true } });
  });

  test("a limit that only the body tells is waited out, and an empty or foreign body is no success", async () => {
    const statusOf = (body: unknown) => fieldsOf(body, { code: "number" }).code;
    server.script(
      status(200, {}, '{"code":429}'),
      status(200, {}, '{"code":200}'),
      status(200, {}, ""),
      status(200, {}, "<!doctype html>"),
    );
    const { http, waits } = impatient();
    await http.request({ ...create, statusOf });
    expect(waits).toHaveLength(1);
    expect(await failureOf(http.request({ method: "DELETE", path: "/keys/1", statusOf }))).toHaveProperty(
      "message",
      expect.stringContaining('no usable "code"'),
    );
    expect(await failureOf(http.request({ ...get, statusOf }))).toHaveProperty(
      "message",
      expect.stringContaining("is not JSON"),
    );
  });

  test("an empty answer is no failure", async () => {
    server.script({ status: 204 });
    const { http } = impatient();
    expect(await http.request({ method: "DELETE", path: "/keys/1" })).toMatchObject({
      status: 204,
      body: undefined,
      absent: false,
    });
  });
});

describe("the credential", () => {
  const sessionOf = (...tokens: readonly string[]) => {
    let at = 0;
    return {
      credential: () =>
        Promise.resolve({ headers: { authorization: `Bearer ${tokens[at] ?? ""}` }, secrets: [tokens[at] ?? ""] }),
      renew: () => Promise.resolve(++at < tokens.length),
    };
  };

  test("is renewed once after a 401, and the call sent again, even a create", async () => {
    server.script(status(401), ok);
    const { http } = impatient({ session: sessionOf("first", "second") });
    await http.request(create);
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(["Bearer first", "Bearer second"]);
  });

  test("is renewed after a 401 that only the body tells", async () => {
    server.script(status(200, {}, '{"code":401}'), status(200, {}, '{"code":200}'));
    const { http } = impatient({ session: sessionOf("first", "second") });
    await http.request({ ...create, statusOf: (body) => fieldsOf(body, { code: "number" }).code });
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(["Bearer first", "Bearer second"]);
  });

  test("is not renewed twice: a second 401 is the answer", async () => {
    server.script(status(401));
    const { http } = impatient({ session: sessionOf("first", "second", "third") });
    expect(await failureOf(http.request(create))).toBeInstanceOf(AuthenticationError);
    expect(server.requests).toHaveLength(2);
  });

  test("that cannot be another one is not sent twice", async () => {
    server.script(status(401));
    const { http } = impatient({ session: sessionOf("first") });
    expect(await failureOf(http.request(get))).toBeInstanceOf(AuthenticationError);
    expect(server.requests).toHaveLength(1);
  });

  test("is not sent with a login", async () => {
    const { http } = impatient({ session: sessionOf("first") });
    await http.request({
      method: "POST",
      path: "/login",
      form: { user: "admin", password: "a b&c" },
      authenticated: false,
    });
    expect(server.requests[0]).toMatchObject({ body: "user=admin&password=a+b%26c" });
    expect(server.requests[0]?.headers.authorization).toBeUndefined();
  });

  test("is in no error, although the service repeats it", async () => {
    const token = 'an-odd"token\\that-no-pattern-knows';
    server.script(
      status(
        400,
        { "x-request-id": `req-${token}` },
        JSON.stringify({ error: { code: token, message: `you sent ${token} and s3cr3t-value` } }),
      ),
    );
    const { http } = impatient({ session: sessionOf(token) });
    const error = await failureOf(http.request({ ...create, path: path`/keys/${token}`, secrets: ["s3cr3t-value"] }));
    for (const text of [error.message, error.stack, JSON.stringify(error), inspect(error, { showHidden: true })]) {
      expect(text).not.toContain("an-odd");
      expect(text).not.toContain("s3cr3t-value");
    }
    expect(error.message).toContain("you sent [redacted] and [redacted]");
  });
});

describe("requests", () => {
  test.each<[string, Partial<HttpRequest>]>([
    ["a header of two lines", { headers: { "x-tenant": "a\nb" } }],
    ["a body that is no JSON", { json: { count: 1n } }],
  ])("that a backend builds wrong are its mistake, and nothing was sent: %s", async (_what, wrong) => {
    const error = await failureOf(impatient().http.request({ method: "POST", path: "/keys", ...wrong }));
    expect(error.message).toMatch(/^POST \/keys: this request cannot be sent, and nothing was sent/);
    expect(isUnclear(error)).toBe(false);
    expect(server.requests).toEqual([]);
  });

  test("are not called unsent because of a slip after they left", async () => {
    const stumbling = agent.compose(() => () => {
      throw new TypeError("x is undefined");
    });
    const error = await failureOf(
      impatient({ dispatcher: stumbling }).http.request({ method: "POST", path: "/keys", json: {} }),
    );
    expect(isUnclear(error)).toBe(true);
  });

  test("whose id is a dot or two, or nothing, are not sent: every parser takes such a segment away", async () => {
    for (const id of ["", ".", ".."]) {
      expect(() => path`/accounts/${id}/keys`).toThrow(/names nothing on a service, and nothing was sent/);
      expect(path`/accounts/${`${id}x`}/keys`).toBe(`/accounts/${id}x/keys`);
    }
    expect(() => path`/keys/${"\ud800"}`).toThrow(/no valid text/);
    for (const wrong of ["keys", "/a//b", "/a/../b", "/a/%2e%2E/b", "/a/.", "/a?b", "/a#b", "/a\\b", "/a b", "/a\nb"]) {
      const error = await failureOf(impatient().http.request({ method: "DELETE", path: wrong }));
      expect(error.message).toContain("this path leads elsewhere than it says, and nothing was sent");
      expect(isUnclear(error)).toBe(false);
    }
    expect(server.requests).toEqual([]);
  });

  test("share the few connections that are kept open, in turn and side by side", async () => {
    const { http } = impatient();
    for (let count = 0; count < 20; count += 1) await http.request(get);
    await Promise.all(Array.from({ length: 40 }, () => http.request(get)));
    expect(server.requests).toHaveLength(60);
    expect(new Set(server.requests.map(({ connection }) => connection)).size).toBeLessThanOrEqual(4);
  });

  test("carry ids, queries and JSON as they are meant", async () => {
    const { http } = impatient({ url: `${server.url}/api/v1/` });
    await http.request({
      method: "PUT",
      path: path`/keys/${"a/b?c"}`,
      query: { limit: 100, cursor: undefined, name: "x y" },
      json: { scopes: ["read:checks"] },
    });
    expect(server.requests[0]).toMatchObject({
      method: "PUT",
      url: "/api/v1/keys/a%2Fb%3Fc?limit=100&name=x+y",
      body: '{"scopes":["read:checks"]}',
    });
    expect(server.requests[0]?.headers).toMatchObject({
      accept: "application/json",
      "content-type": "application/json",
      "user-agent": "pulumi-apikeys",
    });
  });
});

describe("A service that has words of its own for a name that is taken", () => {
  const create: HttpRequest = { method: "POST", path: "/keys", json: {}, conflict: /has (already )?been used/i };
  const refusal = (status: number, message: string): Behaviour => ({
    status,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ message }),
  });

  test.each([400, 409, 422])("is understood, and its %i stays what it is", async (status) => {
    server.script(refusal(status, "The name has been used."));
    const error = await failureOf(impatient().http.request(create));
    expect(error).toBeInstanceOf(ConflictError);
    expect(error).toMatchObject({
      status,
      message: expect.stringContaining(`answered ${status}: The name has been used.`),
    });
  });

  test.each([
    [400, "The name is too long.", BadRequestError],
    [401, "This token has been used.", AuthenticationError],
    [429, "Your quota has been used.", RateLimitError],
    [500, "The name has been used.", ServerError],
  ])("is not misunderstood: %i %s", async (status, message, errorClass) => {
    server.script(refusal(status, message));
    const error = await failureOf(impatient().http.request(create));
    expect(error).toBeInstanceOf(errorClass);
    expect(error).not.toBeInstanceOf(ConflictError);
  });
});
