import { expect, test } from "@jest/globals";
import { OwnCredential } from "../../../../provider/connections/own-credential";

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

test("A pair makes way as a whole, also where its public half is not on record", async () => {
  for (const before of [{ secret: "old-secret-1" }, { secret: "old-secret-1", accessId: "ci" }]) {
    const own = new OwnCredential({
      read: () => Promise.resolve("ci:old-secret-1"),
      ask: () => undefined,
      isWhole: false,
      replaced: [],
    });
    const takeBack = await own.succeed(before, { secret: "new-secret-2", accessId: "ci2" });
    expect(await own.token()).toBe("ci2:new-secret-2");
    takeBack?.();
    expect(await own.token()).toBe("ci:old-secret-1");
  }
});
