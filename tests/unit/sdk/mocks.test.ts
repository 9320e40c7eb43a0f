import { expect, test } from "@jest/globals";
import * as pulumi from "@pulumi/pulumi";
import { RotatingApiKey } from "../../../sdk";

const seen: Record<string, Record<string, unknown>> = {};

async function inMocks(program: () => readonly pulumi.CustomResource[]): Promise<void> {
  await pulumi.runtime.setMocks({
    newResource: ({ name, inputs }) => {
      seen[name] = inputs as Record<string, unknown>;
      return { id: `${name}-id`, state: inputs as object };
    },
    call: ({ inputs }) => inputs as object,
  });
  for (const { id } of program()) await new Promise((told) => void id.apply(told));
}

test("A unit test of a program needs no more than Pulumi's own page on tests says: no organisation.", async () => {
  await inMocks(() => [new RotatingApiKey("a", { rotateEvery: "90d" })]);
  expect(seen.a).toMatchObject({ origin: "organization/project/stack/a" });
});

test("An emergency's text that is marked secret is passed on as a hash that changes with it, and another one as it is.", async () => {
  await inMocks(() => [
    new RotatingApiKey("open", { rotateEvery: "90d", emergency: "INC-4711" }),
    new RotatingApiKey("first", { rotateEvery: "90d", emergency: pulumi.secret("leaked-by-alice") }),
    new RotatingApiKey("later", { rotateEvery: "90d", emergency: pulumi.output(pulumi.secret("leaked-by-bob")) }),
  ]);
  const plain = (name: string) => String(seen[name]?.emergency);
  expect(plain("open")).toBe("INC-4711");
  expect(plain("first")).toMatch(/^text withheld \([0-9a-f]{8}\)$/);
  expect(plain("later")).not.toBe(plain("first"));
});
