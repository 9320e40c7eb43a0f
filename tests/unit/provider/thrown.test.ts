import { inspect } from "node:util";
import { describe, expect, test } from "@jest/globals";
import type { BackendClient } from "../../../provider/backends/definition";
import {
  ConnectionError,
  isUnclear,
  PermissionDeniedError,
  ProviderError,
  ServerError,
} from "../../../provider/errors";
import { explain } from "../../../provider/explain";
import { guardClient } from "./support/one-step";
import { rememberSecrets } from "../../../provider/secrets/known-secrets";
import { createSession } from "../../../provider/connections/session";
import { asThrown } from "../../../provider/thrown";
import { windowsIn } from "../../support/echoes";

const secret = "adminTOKENq8Zw71xKpL33vNbT4yHcc";
const fails = (): never => {
  throw new Error(secret);
};
const having = (field: string, get: () => unknown) => Object.defineProperty(new Error("no"), field, { get });
const branded = (fields: object) => ({
  [Symbol.for("pulumi-apikeys.error")]: ["ConnectionError", "ProviderError"],
  ...fields,
});

/** What the code of a backend may throw. */
const thrown: readonly (readonly [string, () => unknown])[] = [
  ["a text", () => `no ${secret}`],
  ["a number", () => 7],
  ["nothing", () => undefined],
  ["null", () => null],
  ["a symbol", () => Symbol(secret)],
  ["an object without a prototype", () => Object.create(null) as unknown],
  ["an object whose text cannot be had", () => ({ toString: fails, message: secret })],
  ["a frozen error", () => Object.freeze(new Error(secret))],
  ["an error with a cause", () => new Error("no", { cause: new Error(secret) })],
  ["many errors", () => new AggregateError([new Error(secret)], secret)],
  ["an error whose name it is", () => Object.assign(new Error("no"), { name: secret })],
  ["an error whose name is no text", () => Object.assign(new Error("no"), { name: Symbol("x") })],
  ["an error whose message is no text", () => Object.assign(new Error("no"), { message: { secret } })],
  ["an error whose message throws", () => having("message", fails)],
  ["an error whose name throws", () => having("name", fails)],
  ["an error whose stack throws", () => having("stack", fails)],
  ["an error whose message looks like a stack", () => new Error(`no\n    at ${secret} (file.js:1:1)`)],
  ["an error from a function of that name", () => ({ [secret]: () => new Error("no") })[secret]?.()],
  [
    "an error with more fields",
    () => Object.assign(new Error("no"), { id: secret, properties: {}, reasons: [secret] }),
  ],
  ["a proxy", () => new Proxy(new Error(secret), { get: fails, getPrototypeOf: fails })],
  [
    "a proxy that was revoked",
    () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    },
  ],
  ["an error of the tree that was written over", () => Object.assign(new ProviderError("no"), { message: secret })],
  ["an error of the tree without words", () => Object.assign(new ProviderError("no"), { message: Symbol("x") })],
  ["what is called an error of the tree, and is none", () => branded({ message: secret, sent: false })],
  [
    "an error called a lost connection that does not say whether it was sent",
    () => Object.assign(new Error("no"), branded({})),
  ],
];

describe.each(thrown)("A backend that throws %s", (_what, make) => {
  rememberSecrets(secret);

  test("ends in an error that can be read and printed, and holds no secret", () => {
    const error = explain(make(), "ApiKey", "create", undefined);
    expect(error.message).toMatch(/^cannot create ApiKey on connection "default": /);
    expect(windowsIn(`${error.message}\n${error.stack ?? ""}\n${inspect(error)}`, secret)).toEqual([]);
  });

  test("throws an error that the lifecycle can judge, in a call and in its login", async () => {
    const throws = () => {
      throw make();
    };
    const client = guardClient({ createKey: throws } as unknown as BackendClient);
    const session = createSession(() => Promise.resolve("token"), throws);
    for (const call of [() => client.createKey({ name: "export" }), () => session.credential()]) {
      const error: unknown = await call().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(Error);
      expect([typeof (error as Error).message, typeof (error as Error).name, typeof isUnclear(error)]).toEqual([
        "string",
        "string",
        "boolean",
      ]);
    }
  });
});

test("An error of this package stays itself, with all that it says", () => {
  for (const error of [
    new ProviderError("no"),
    new ConnectionError("no", false),
    new PermissionDeniedError({ status: 403, method: "GET", path: "/" }),
    new ServerError({ status: 500, method: "GET", path: "/" }),
  ])
    expect(asThrown(error)).toBe(error);
});

test("The frames say where another error comes from, and its message is no frame", () => {
  const { stack = "" } = explain(new TypeError("no\n    at nowhere (secret.js:1:1)"), "ApiKey", "read", undefined);
  expect(stack).toContain("thrown.test.ts");
  expect(stack).not.toContain("nowhere");
});
