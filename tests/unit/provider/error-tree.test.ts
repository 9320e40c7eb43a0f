import { describe, expect, jest, test } from "@jest/globals";
import * as ours from "../../../provider/errors";

type Errors = typeof ours;

/** The same module once more: what a backend raises that came with its own copy of this package. */
function anotherCopy(): Errors {
  let copy: Errors | undefined;
  jest.isolateModules(() => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- another copy of a module cannot be imported
    copy = require("../../../provider/errors") as Errors;
  });
  return copy as Errors;
}

const facts = { method: "GET", path: "/keys" };
const made = (errors: Errors) => ({
  ProviderError: new errors.ProviderError("a"),
  InputError: new errors.InputError("scopes", "a"),
  ConfigError: new errors.ConfigError("a"),
  ApiError: new errors.ApiError({ ...facts, status: 418 }),
  BadRequestError: new errors.BadRequestError({ ...facts, status: 400 }),
  AuthenticationError: new errors.AuthenticationError({ ...facts, status: 401 }),
  PermissionDeniedError: new errors.PermissionDeniedError({ ...facts, status: 403 }),
  NotFoundError: new errors.NotFoundError({ ...facts, status: 404 }),
  ConflictError: new errors.ConflictError({ ...facts, status: 409 }),
  RateLimitError: new errors.RateLimitError({ ...facts, status: 429 }),
  ServerError: new errors.ServerError({ ...facts, status: 500 }),
  ConnectionError: new errors.ConnectionError("a", false),
  TimeoutError: new errors.TimeoutError("a"),
  ResponseShapeError: new errors.ResponseShapeError("a"),
  SecretUnavailableError: new errors.SecretUnavailableError("a"),
  AmbiguousCreateError: new errors.AmbiguousCreateError("a", "m", []),
});
type Name = keyof ReturnType<typeof made>;
const names = Object.keys(made(ours)) as Name[];

describe("An error of a backend that has its own copy of this package", () => {
  const foreign = made(anotherCopy());

  test("is another class, and still of the same kinds: every error by every class", () => {
    const own = made(ours);
    expect(foreign.ConfigError.constructor).not.toBe(own.ConfigError.constructor);
    for (const error of names)
      for (const kind of names) {
        const known = { error, kind, is: foreign[error] instanceof ours[kind] };
        expect(known).toEqual({ error, kind, is: own[error] instanceof ours[kind] });
      }
  });

  test("is as unclear as our own", () => {
    for (const error of names)
      expect([error, ours.isUnclear(foreign[error])]).toEqual([error, ours.isUnclear(made(ours)[error])]);
    expect(ours.wordsOf(foreign.ConfigError)).toBe("a");
  });
});

test("What is no error of the tree is none, whatever it looks like", () => {
  class Own extends ours.ConfigError {}
  expect(new Own("a")).toBeInstanceOf(ours.ConfigError);
  expect(new ours.ConfigError("a")).not.toBeInstanceOf(Own);
  for (const value of [new Error("a"), new TypeError("a"), undefined, null, "ConfigError", {}, { name: "ConfigError" }])
    expect(value instanceof ours.ProviderError).toBe(false);
});
