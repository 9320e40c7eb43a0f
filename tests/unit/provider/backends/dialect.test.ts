import { describe, expect, test } from "@jest/globals";
import { dialectOption } from "../../../../provider/backends/dialect";
import { ConfigError } from "../../../../provider/errors";

const read = dialectOption("acme", { keys: "/keys", revoke: "/revoke" });

describe("the paths of a proposed API", () => {
  test("are the only fields: any other name is an unknown one", () => {
    expect(() => read({ dialekt: {} })).toThrow(new ConfigError('unknown field "dialekt".'));
  });

  test("are the proposal's, unless a connection has other ones", () => {
    expect(read({})).toEqual({ keys: "/keys", revoke: "/revoke" });
    expect(read({ dialect: { paths: {} } })).toEqual({ keys: "/keys", revoke: "/revoke" });
    expect(read({ dialect: { paths: { keys: "/v2/tokens" } } })).toEqual({ keys: "/v2/tokens", revoke: "/revoke" });
  });

  test.each([
    [{ dialect: "/keys" }, "dialect"],
    [{ dialect: {} }, "dialect.paths"],
    [{ dialect: { pathes: {} } }, "dialect.paths"],
    [{ dialect: { paths: { key: "/keys" } } }, "dialect.paths.key"],
    [{ dialect: { paths: { keys: "keys" } } }, "dialect.paths.keys"],
    [{ dialect: { paths: { keys: 5 } } }, "dialect.paths.keys"],
  ])("are refused by the field's name: %j", (fields, field) => {
    expect(() => read(fields)).toThrow(ConfigError);
    expect(() => read(fields)).toThrow(
      `backend "acme" cannot read the connection field "${field}": it takes dialect.paths with keys, revoke, each a path that begins with "/", without empty and dot segments, "?", "#" and "%".`,
    );
  });
});

test.each(["/../keys", "/keys/..", "/./keys", "/keys?all", "/keys#top", "//keys", "/keys/", "/%2e%2e/keys", "/a\\b"])(
  "a path that leads elsewhere than it says is refused: %s",
  (keys) => {
    expect(() => dialectOption("acme", { keys: "/keys" })({ dialect: { paths: { keys } } })).toThrow("dialect.paths");
  },
);
