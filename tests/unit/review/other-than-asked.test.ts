import { describe, expect, it } from "@jest/globals";
import { account, key, review, rotatingKey, type State, unchanged } from "./support/preview-builder";

const hub = { target: { backend: "acme", origin: "https://acme.example" } };
const given = (outputs: Record<string, unknown>) => ({ outputs });
/** What SR025 says of an object that stays. */
const said = (state: State) =>
  review([unchanged(state)])
    .findings.filter(({ rule }) => rule === "SR025")
    .map(({ message }) => message);

describe("SR025: what the service gave is found as long as the key is there", () => {
  const life = { expiresIn: "90d" };
  it.each<[string, State, readonly string[]]>([
    ["what was asked for", key("ci"), []],
    [
      "fewer scopes",
      key("ci", { scopes: ["read:alerts", "read:checks"] }, given({ serverScopes: ["read:checks"] })),
      ["was not given `read:alerts`, although asked for"],
    ],
    [
      "more scopes",
      rotatingKey("ci", {}, given({ serverScopes: ["read:checks", "write:checks"] })),
      ["was given `write:checks`, which nobody asked for"],
    ],
    ["what a wildcard stands for", key("ci", { scopes: ["admin:*"] }, given({ serverScopes: ["read:checks"] })), []],
    [
      "a shorter life",
      key("ci", life, given({ expiresAt: "2027-02-15T10:00:00Z", askedExpiresAt: "2027-04-15T10:00:00Z" })),
      ["ends 59 d earlier on the service than was asked for"],
    ],
    [
      "a life that is some hours longer, where the service keeps seconds",
      rotatingKey("ci", life, given({ expiresAt: "2027-04-15T10:00:00Z", serverExpiresAt: "2027-04-15T17:00:00Z" })),
      ["ends 7 h later on the service than was asked for"],
    ],
    [
      "some hours less, where nobody knows the service's step",
      key(
        "ci",
        { ...hub, ...life },
        given({ expiresAt: "2027-04-15T00:00:00Z", askedExpiresAt: "2027-04-15T10:00:00Z" }),
      ),
      [],
    ],
    [
      "another environment",
      key("ci", { environment: "test" }, given({ serverEnvironment: "live" })),
      ["was given the environment `live`, which nobody asked for"],
    ],
    [
      "another role and other scopes of an account",
      account("bot", { role: "viewer", scopes: ["a:read"], ...hub }, given({ serverRole: "admin", serverScopes: [] })),
      ["was given the role `admin`, which nobody asked for", "was not given `a:read`, although asked for"],
    ],
  ])("%s", (_what, state, messages) => {
    expect(said(state)).toEqual(messages);
  });
});
