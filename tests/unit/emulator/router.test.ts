import { describe, expect, test } from "@jest/globals";
import { Router } from "../../../emulator/http/router";

const router = new Router<string>()
  .on("GET", "/keys", "list")
  .on("POST", "/keys", "create")
  .on("GET", "/keys/:id", "read")
  .on("POST", "/keys/:id/rotate", "rotate")
  .on("GET", "/keys/mine", "mine");

describe("the router", () => {
  test.each([
    ["GET", "/keys", "list", []],
    ["GET", "/keys/7", "read", ["7"]],
    ["GET", "/keys/a%2Fb", "read", ["a/b"]],
    ["POST", "/keys/7/rotate", "rotate", ["7"]],
    ["GET", "/keys/mine", "mine", []],
  ])("finds %s %s", (method, path, handler, params) => expect(router.match(method, path)).toEqual({ handler, params }));

  test("names the methods of a path that has others", () =>
    expect(router.match("PUT", "/keys")).toEqual({ allow: ["GET", "POST"] }));

  test.each(["/", "", "/other", "/keys/", "/keys/7/", "/keys/7/rotate/now", "/keys/%zz", "/constructor"])(
    "knows no %j",
    (path) => expect(router.match("GET", path)).toEqual({ allow: [] }),
  );
});
