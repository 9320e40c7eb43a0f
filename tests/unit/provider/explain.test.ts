import { describe, expect, test } from "@jest/globals";
import { PermissionDeniedError, ProviderError } from "../../../provider/errors";
import { explain } from "../../../provider/explain";
import { keptAfterFailure } from "../../../provider/resources/partial-failure";
import { asSecret } from "../../../provider/wire";
import { assertHoldsNone } from "../../../testing/assertions";
import { origin } from "./support/fake-service";

const record = {
  connection: "nova",
  keyId: "key-7",
  origin,
  secret: asSecret("canary-secret"),
  previousSecret: "canary-previous",
  secretValue: "canary-chosen",
};

describe("an error on its way to the user", () => {
  test("says what failed, for which resource and key, on which connection, and why", () => {
    const refused = new PermissionDeniedError(
      { status: 403, method: "POST", path: "/keys", detail: "operators may not", requestId: "req_1" },
      "Use an admin's token.",
    );
    expect(explain(refused, "ApiKey", "update", record).message).toBe(
      'cannot update ApiKey "export" (id key-7) on connection "nova": POST /keys answered 403: operators may not (request req_1). Use an admin\'s token.',
    );
  });

  test.each([
    [{ origin }, 'cannot create ApiKey "export" on connection "default": why'],
    [{ accountId: "sa-1", connection: "nova" }, 'cannot create ApiKey (id sa-1) on connection "nova": why'],
    [undefined, 'cannot create ApiKey on connection "default": why'],
    [{ connection: 5, origin: 7 }, 'cannot create ApiKey on connection "default": why'],
  ])("names what is known: %j", (about, message) => {
    expect(explain(new ProviderError("why"), "ApiKey", "create", about).message).toBe(message);
  });

  test("holds no end of a secret that begins as another one does", () => {
    const about = { origin, secret: "canary", previousSecret: "canary-previous" };
    expect(explain(new ProviderError("it was canary-previous"), "ApiKey", "read", about).message).toMatch(
      /: it was \[redacted\]$/,
    );
  });

  test("has no stack where we raised it on purpose: the host would print it over the sentence", () => {
    expect(explain(new ProviderError("why"), "ApiKey", "create", record).stack).toBe("");
  });

  test("has the frames, and asks for a report, where nobody expected it", () => {
    const error = explain(new TypeError("x is not a function"), "ApiKey", "read", record);
    expect(error.message).toMatch(
      /: unexpected TypeError: x is not a function\. This is a fault in pulumi-apikeys or in the backend; please report it\.$/,
    );
    expect(error.stack).toMatch(/^\s+at .*explain\.test\.ts/);
    expect(explain("just text", "ApiKey", "read", record).message).toContain("just text");
  });

  test("that was partial keeps the id and the record for the engine, and says why in each of its reasons", () => {
    const failure = keptAfterFailure(
      new ProviderError("the answer was lost"),
      "key-7",
      { keyId: "key-7" },
      { __provider: "code" },
    );
    const error = explain(failure, "ApiKey", "create", record) as Error & {
      id: string;
      properties: object;
      reasons: string[];
    };
    expect(error).toMatchObject({ id: "key-7", properties: { keyId: "key-7", __provider: "code" } });
    expect(error.reasons).toEqual([
      'cannot create ApiKey "export" (id key-7) on connection "nova": the answer was lost',
    ]);
  });

  const thrown: readonly (readonly [string, Error])[] = [
    ["a refusal", new ProviderError("canary-secret and canary-previous and canary-chosen are wrong")],
    ["a mistake", new TypeError("cannot read canary-secret of canary-previous in canary-chosen")],
    [
      "a partial failure",
      keptAfterFailure(new ProviderError("canary-secret, canary-previous, canary-chosen"), "key-7", {}, {}),
    ],
  ];
  test.each(thrown)("holds none of the resource's secrets: %s", (_title, error) => {
    assertHoldsNone(explain(error, "ApiKey", "update", record), ["canary-secret", "canary-previous", "canary-chosen"]);
  });
});
