import { describe, expect, test } from "@jest/globals";
import { PermissionDeniedError, ProviderError } from "../../../provider/errors";
import { explain, withExplainedErrors } from "../../../provider/explain";
import { keptAfterFailure } from "../../../provider/resources/lifecycle";
import { asSecret } from "../../../provider/values/wire";
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
    const failure = keptAfterFailure(new ProviderError("the answer was lost"), {
      id: "key-7",
      outs: { keyId: "key-7" },
      inputs: { __provider: "code" },
    });
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
      keptAfterFailure(new ProviderError("canary-secret, canary-previous, canary-chosen"), {
        id: "key-7",
        outs: {},
        inputs: {},
      }),
    ],
  ];
  test.each(thrown)("holds none of the resource's secrets: %s", (_title, error) => {
    assertHoldsNone(explain(error, "ApiKey", "update", record), ["canary-secret", "canary-previous", "canary-chosen"]);
  });
});

describe("a refusal in the service's own words", () => {
  const told = async (resource: string, props: object) => {
    const refuse = () =>
      Promise.reject(
        new PermissionDeniedError({ status: 403, method: "GET", path: "/keys/1", detail: "no s k _ l i v e" }),
      );
    const provider = withExplainedErrors(resource, () => ({
      create: refuse,
      read: refuse,
      planned: refuse,
      imported: refuse,
    }));
    const failure = (run: Promise<unknown>) => run.then(String, (error: unknown) => (error as Error).message);
    return [await failure(provider.read("1", props)), await failure(provider.create({ origin }))];
  };

  test.each([
    ["a key", "ApiKey", { origin, keyId: "1", physicalName: "export-1", secret: asSecret("canary-secret") }],
    ["an account, which has no secret", "ServiceAccount", { origin, accountId: "1", physicalName: "export-1" }],
  ])("is told of %s", async (_title, resource, props) => {
    for (const message of await told(resource, props)) expect(message).toContain("answered 403: no s k _ l i v e.");
  });

  test.each([
    ["whose create was lost", "ApiKey", { origin, keyId: "1", physicalName: "export-1" }],
    [
      "one of whose creates was lost",
      "RotatingApiKey",
      { origin, secret: asSecret("canary"), lostCreates: ["export-2"] },
    ],
    [
      "beside which one waits to be revoked",
      "RotatingApiKey",
      { origin, secret: asSecret("canary"), pendingRevocations: [{ keyId: "2", physicalName: "export-2" }] },
    ],
  ])("is told without them of a key %s: nobody has seen its secret", async (_title, resource, props) => {
    const [read, create] = await told(resource, props);
    expect(read).toMatch(/answered 403\.$/);
    // That ends with the operation.
    expect(create).toContain("answered 403: no s k _ l i v e.");
  });
});
