import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { MockAgent } from "undici";
import { ConnectionError, isUnclear, RateLimitError } from "../../../../provider/errors";
import { createHttpClient } from "../../../../provider/http/client";
import type { HttpClient, HttpRequest } from "../../../../provider/http/request";
import { Pace } from "../../../../provider/http/pace";
import { VirtualTime } from "../support/virtual-time";

const origin = "https://api.example.com";
const get: HttpRequest = { method: "GET", path: "/keys" };
const create: HttpRequest = { method: "POST", path: "/keys", json: {} };
const remove: HttpRequest = { method: "DELETE", path: "/keys" };

let time: VirtualTime;
let agent: MockAgent;
beforeEach(() => {
  time = new VirtualTime(4);
  agent = new MockAgent();
  agent.disableNetConnect();
});
afterEach(() => agent.close());

/** What the service does with each request; a text: the code of an error of the connection. */
type Answers = (method: string, count: number) => number | string | { readonly retryAfterS: number };

interface Started {
  readonly http: HttpClient;
  readonly requests: string[];
  readonly pace: Pace;
}

function start(answers: Answers, withPace = true): Started {
  const requests: string[] = [];
  for (const method of ["GET", "POST", "DELETE"] as const)
    agent
      .get(origin)
      .intercept({ path: "/keys", method })
      .reply(() => {
        requests.push(method);
        const answer = answers(method, requests.length);
        if (typeof answer === "string") throw Object.assign(new Error("broken"), { code: answer });
        if (typeof answer === "number") return { statusCode: answer, data: "{}" };
        return {
          statusCode: 429,
          data: "{}",
          responseOptions: { headers: { "retry-after": String(answer.retryAfterS) } },
        };
      })
      .persist();
  const pace = new Pace({ connection: "default", origin, retryBudgetMs: 60_000, timers: time });
  const client = { url: origin, dispatcher: agent, clock: time, random: () => 0.9, ...(withPace && { pace }) };
  return { http: createHttpClient(client), requests, pace };
}

/** So many calls, eight at a time, as the engine makes them; their errors. */
async function many(http: HttpClient, count: number, request = get): Promise<Error[]> {
  const errors: Error[] = [];
  let left = count;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      await http.request(request).catch((error: unknown) => errors.push(error as Error));
    }
  };
  await time.until(Promise.all(Array.from({ length: 8 }, worker)));
  return errors;
}

describe("1,000 keys on a service that is down", () => {
  test.each([
    ["refuses connections", "ECONNREFUSED", 8 * 4, 10_000],
    ["breaks every connection", "ECONNRESET", 8 * 7, 10_000],
    // It may be restarting, and has the time that the connection gives it.
    ["answers 503 to everything", 503, 8 * 13, 70_000],
  ])("and %s: the first eight find out, and nothing more is sent", async (_how, answer, firstWave, withinMs) => {
    const { http, requests } = start(() => answer);
    const errors = await many(http, 1_000);
    expect(errors).toHaveLength(1_000);
    expect(requests.length).toBeLessThanOrEqual(1.1 * firstWave);
    expect(time.nowMs()).toBeLessThanOrEqual(withinMs);
    const words = errors.map(({ message }) => message).filter((message) => message.includes("is taken for down"));
    expect(words.length).toBeGreaterThanOrEqual(984);
    expect(errors.at(-1)?.message).toMatch(
      /^https:\/\/api\.example\.com is taken for down, and nothing more was sent: (there has been no answer|it has answered with failures alone) for (\d+ s|1 min) \(first: GET \/keys.*\) Check the connection's url, the network and the service, and run again\.$/,
    );
    expect(errors.at(-1)).toMatchObject({ sent: false });
  });

  test("without that, every call finds out by itself", async () => {
    const { http, requests } = start(() => "ECONNREFUSED", false);
    await many(http, 100);
    expect(requests.length).toBe(400);
  });
});

describe("many who wait for one list", () => {
  /** Eight at a time, as the engine makes them; each makes a key after a look at the list. */
  const manyAfterOne = async ({ http, pace }: Started, count: number) => {
    let list: Promise<unknown> | undefined;
    let left = count;
    const errors: Error[] = [];
    const looked = async () => {
      const known = list;
      if (known) return pace.joins(known);
      list = http.request(get).finally(() => (list = undefined));
      return list;
    };
    const worker = async () => {
      while (left > 0) {
        left -= 1;
        await looked().catch(() => undefined);
        await http.request(create).catch((error: unknown) => errors.push(error as Error));
      }
    };
    await time.until(Promise.all(Array.from({ length: 8 }, worker)));
    return errors;
  };

  test("find out that the service is down as soon as if each had asked for itself", async () => {
    const started = start(() => "ECONNRESET");
    const errors = await manyAfterOne(started, 1_000);
    expect(errors).toHaveLength(1_000);
    expect(time.nowMs()).toBeLessThanOrEqual(10_000);
    expect(started.requests.length).toBeLessThanOrEqual(1.1 * 8 * 7);
    expect(errors.filter(({ message }) => message.includes("is taken for down")).length).toBeGreaterThanOrEqual(984);
  });

  test("go on without it where only the list is never answered", async () => {
    const started = start((method) => (method === "GET" ? "ECONNRESET" : 201));
    expect(await manyAfterOne(started, 40)).toEqual([]);
    expect(started.requests.filter((method) => method === "POST")).toHaveLength(40);
  });

  test("leave a list of few the whole retry budget", async () => {
    const started = start(() => (time.nowMs() < 30_000 ? "ECONNRESET" : 200));
    const list = started.http.request(get);
    await time.until(Promise.all([list, started.pace.joins(list), started.pace.joins(list)]));
    expect(time.nowMs()).toBeGreaterThan(30_000);
  });
});

describe("a service that is back", () => {
  test("is used again: one request finds out, and the others follow", async () => {
    let isDown = true;
    const { http, requests } = start(() => (isDown ? "ECONNREFUSED" : 200));
    await many(http, 20);
    isDown = false;
    const sentBefore = requests.length;
    expect(await many(http, 20)).toHaveLength(20);
    expect(requests.length).toBe(sentBefore);
    await time.until(time.sleep(15_001));
    expect(await many(http, 20)).toEqual([]);
  });

  test("after half a minute of 503 was never given up", async () => {
    const { http } = start(() => (time.nowMs() < 30_000 ? 503 : 200));
    expect(await many(http, 100)).toEqual([]);
  });
});

test("a service that fails now and then is never taken for down", async () => {
  const { http } = start((_method, count) => (count % 3 === 0 ? 200 : "ECONNRESET"));
  const errors = await many(http, 300);
  expect(errors.filter(({ message }) => message.includes("is taken for down"))).toEqual([]);
});

test("keys that the service cannot read do not stop the others", async () => {
  const { http } = start(() => 200);
  agent.get(origin).intercept({ path: "/broken", method: "GET" }).reply(500, "{}").persist();
  expect(await many(http, 8, { method: "GET", path: "/broken" })).toHaveLength(8);
  await time.until(time.sleep(60_000));
  expect(await many(http, 100)).toEqual([]);
});

test("a few keys have the whole retry budget, as before", async () => {
  const { http } = start(() => (time.nowMs() < 30_000 ? 503 : 200));
  const calls = [http.request(get), http.request(get), http.request(get)];
  await time.until(Promise.all(calls));
});

describe("what may have been done stays unclear", () => {
  test("a create whose answer was lost is sent once, and is not called unsent", async () => {
    const { http, requests } = start(() => "ECONNRESET");
    const errors = await many(http, 8, create);
    expect(requests.length).toBe(8);
    for (const error of errors) expect(isUnclear(error)).toBe(true);
  });

  test("a revocation whose answer was lost is not called unsent because the second attempt was not made", async () => {
    const { http } = start(() => "ECONNRESET");
    const errors = await many(http, 100, remove);
    const sent = errors.filter((error) => error instanceof ConnectionError && error.sent);
    expect(sent.length).toBeGreaterThanOrEqual(5);
    for (const error of sent) expect(error.message).toContain("is taken for down");
    for (const error of errors) expect(error).toBeInstanceOf(ConnectionError);
  });
});

describe("a service that limits by the minute", () => {
  test("is waited for, a whole minute, and asked again with all the time that an attempt has", async () => {
    const { http, requests } = start((_method, count) => (count <= 2 ? { retryAfterS: 60 } : 200));
    await time.until(Promise.all([http.request(get), http.request(create)]));
    expect(requests.length).toBe(4);
    expect(time.nowMs()).toBeLessThan(61_000);
  });

  test("and never renews its limit, ends the call after some minutes", async () => {
    const { http, requests } = start(() => ({ retryAfterS: 60 }));
    const errors = await many(http, 1);
    expect(errors[0]).toBeInstanceOf(RateLimitError);
    expect(errors[0]?.message).toContain("its limit on requests lasted longer than a run waits");
    expect(requests.length).toBe(4);
  });

  test("and asks for two hours, is not waited for", async () => {
    const { http, requests } = start(() => ({ retryAfterS: 7_200 }));
    const errors = await many(http, 100);
    expect(errors).toHaveLength(100);
    expect(requests.length).toBeLessThanOrEqual(8);
    expect(time.nowMs()).toBe(0);
  });
});
