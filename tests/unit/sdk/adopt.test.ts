import { beforeAll, expect, test } from "@jest/globals";
import * as pulumi from "@pulumi/pulumi";
import { withSecretOf } from "../../../sdk/adopt";

const signature = "4dabf18193072939515e22adb298388d";

beforeAll(() => pulumi.runtime.setMocks({ newResource: () => ({ id: "", state: {} }), call: () => ({}) }));

/** The inputs as the engine, and with it a preview and a review, gets them. */
const sent = (adopt: Parameters<typeof withSecretOf>[0]) =>
  pulumi.runtime.serializeProperties("test", withSecretOf(adopt));

test.each([
  ["a text", "correct-horse"],
  ["a secret of the config", pulumi.secret("correct-horse")],
])("The secret of an adopted key is encrypted, and its id is not: %s", async (_what, secret) => {
  expect(await sent({ keyId: "77aa", secret })).toEqual({
    adopt: { keyId: "77aa", secret: expect.objectContaining({ [signature]: expect.anything() as unknown }) as unknown },
  });
});

test("A key is adopted without its secret, by an id that only an update tells, or not at all", async () => {
  expect(await sent({ keyId: pulumi.output("77aa") })).toEqual({ adopt: { keyId: "77aa" } });
  expect(await sent(pulumi.output({ keyId: "77aa" }))).toEqual({ adopt: { keyId: "77aa" } });
  expect(await sent(undefined)).toEqual({});
});
