import { expect, test } from "@jest/globals";
import { OwnCredential } from "../../../provider/own-credential";

test("A new secret is sent as it is, whatever characters it has", async () => {
  const own = new OwnCredential({
    read: () => Promise.resolve("ci:old-secret-1"),
    ask: () => undefined,
    isWhole: false,
    replaced: [],
  });
  await own.succeed({ secret: "old-secret-1", accessId: "ci" }, { secret: "a$&b$$c$'d", accessId: "ci2" });
  expect(await own.token()).toBe("ci2:a$&b$$c$'d");
});
