import { describe, expect, test } from "@jest/globals";
import type { BackendSession } from "../../../../provider/backends/definition";
import { AuthenticationError, ConfigError, ResponseShapeError, ServerError } from "../../../../provider/errors";
import { redact } from "../../../../provider/secrets/redact";
import { createSession } from "../../../../provider/connections/session";

/** A login that answers when the test says so. */
function loginDesk(validForMs?: number) {
  let logins = 0;
  const login = (): Promise<BackendSession> => {
    logins += 1;
    return Promise.resolve({
      headers: { "x-auth-token": `session-${logins}` },
      ...(validForMs === undefined ? {} : { validForMs }),
    });
  };
  return { login, count: () => logins };
}

describe("a login that a backend's author has written wrong", () => {
  test.each<[string, object, string]>([
    [
      "forgets to await the token",
      { headers: { authorization: Promise.resolve("t") } },
      'a header "authorization" that is a promise; await it',
    ],
    ["gives no headers", {}, '"headers" that is nothing'],
    ["gives a number", { headers: { "x-id": 5 } }, 'a header "x-id" that is a number'],
    ["gives one secret", { headers: {}, secrets: "a" }, '"secrets" that is a text of 1 character'],
  ])("is told by its field, and nothing was sent: it %s", async (_what, answer, words) => {
    const session = createSession(
      () => Promise.resolve("t"),
      () => Promise.resolve(answer as BackendSession),
    );
    const asked = session.credential();
    await expect(asked).rejects.toThrow(ConfigError);
    await expect(asked).rejects.toThrow(`"authenticate" of the backend answered with ${words}`);
  });
});

describe("a connection without a login", () => {
  test("sends the credential as a bearer token, and reads it anew for every call", async () => {
    const tokens = ["first", "second"];
    const session = createSession(() => Promise.resolve(tokens.shift() ?? "none"), undefined);
    expect((await session.credential()).headers).toEqual({ authorization: "Bearer first" });
    expect((await session.credential()).headers).toEqual({ authorization: "Bearer second" });
  });

  test("names the credential among what must not be printed, but not the word before it", async () => {
    const session = createSession(() => Promise.resolve("s3cr3t"), undefined);
    expect((await session.credential()).secrets).toContain("s3cr3t");
    expect(redact("Bearer s3cr3t was refused; send a Bearer token")).toBe(
      "Bearer [redacted] was refused; send a Bearer token",
    );
  });

  test("tries again after a 401 only where the credential has been rotated meanwhile", async () => {
    let token = "old";
    const session = createSession(() => Promise.resolve(token), undefined);
    const refused = await session.credential();
    expect(await session.renew(refused)).toBe(false);
    token = "new";
    expect(await session.renew(refused)).toBe(true);
  });

  test("lets every call that was refused with the old credential try again, not only the first", async () => {
    let token = "old";
    const session = createSession(() => Promise.resolve(token), undefined);
    const refused = [await session.credential(), await session.credential()];
    token = "new";
    expect(await session.renew(refused[0]!)).toBe(true);
    await session.credential();
    expect(await session.renew(refused[1]!)).toBe(true);
  });
});

describe("a connection that logs in", () => {
  test("logs in once for calls that run side by side", async () => {
    const desk = loginDesk();
    const session = createSession(() => Promise.resolve("admin"), desk.login);
    const all = await Promise.all(Array.from({ length: 10 }, () => session.credential()));
    expect(desk.count()).toBe(1);
    expect(new Set(all.map(({ headers }) => headers["x-auth-token"]))).toEqual(new Set(["session-1"]));
  });

  test("logs in again shortly before the session ends", async () => {
    let now = 0;
    const desk = loginDesk(60_000);
    const session = createSession(
      () => Promise.resolve("admin"),
      desk.login,
      () => now,
    );
    await session.credential();
    now = 54_000;
    await session.credential();
    expect(desk.count()).toBe(1);
    now = 56_000;
    await Promise.all([session.credential(), session.credential()]);
    expect(desk.count()).toBe(2);
  });

  test("logs in once for all calls that a lost session has refused", async () => {
    const desk = loginDesk();
    const session = createSession(() => Promise.resolve("admin"), desk.login);
    const refused = await session.credential();
    for (let calls = 0; calls < 5; calls += 1) {
      expect(await session.renew(refused)).toBe(true);
      expect((await session.credential()).headers).toEqual({ "x-auth-token": "session-2" });
    }
    expect(desk.count()).toBe(2);
  });

  test("says of a login that failed that nothing else was sent: a create is not unclear then", async () => {
    const outage = new ServerError({ status: 503, method: "POST", path: "/auth/tokens" });
    const session = createSession(
      () => Promise.resolve("admin"),
      () => Promise.reject(outage),
    );
    const error: unknown = await session.credential().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ sent: false, cause: outage });
    expect((error as Error).message).toBe(
      "the login failed, and nothing else was sent. POST /auth/tokens answered 503.",
    );
  });

  test("tells an unreadable answer to the login as a wrong address", async () => {
    const session = createSession(
      () => Promise.resolve("admin"),
      () => Promise.reject(new ResponseShapeError("POST /login answered 200 with a body that is not JSON.")),
    );
    const error: unknown = await session.credential().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toContain("the login failed, and nothing else was sent. POST /login answered 200");
  });

  test("tells a refused login as the refusal that it is", async () => {
    const refusal = new AuthenticationError({ status: 401, method: "POST", path: "/auth/tokens" });
    const session = createSession(
      () => Promise.resolve("admin"),
      () => Promise.reject(refusal),
    );
    await expect(session.credential()).rejects.toBe(refusal);
  });

  test("does not keep a login that failed", async () => {
    let fails = true;
    const session = createSession(
      () => Promise.resolve("admin"),
      () => (fails ? Promise.reject(new Error("the service is starting")) : Promise.resolve({ headers: {} })),
    );
    await expect(session.credential()).rejects.toThrow("the service is starting");
    fails = false;
    await expect(session.credential()).resolves.toMatchObject({ headers: {} });
  });
});
