import { beforeAll, expect, test } from "@jest/globals";
import * as pulumi from "@pulumi/pulumi";
import { ServiceAccount } from "../../../sdk";

beforeAll(() =>
  pulumi.runtime.setMocks(
    {
      newResource: ({ name, inputs }) => ({ id: `${name}-id`, state: inputs as object }),
      call: ({ inputs }) => inputs as object,
    },
    "project",
    "stack",
    false,
    "organization",
  ),
);

test("An account's accountId is its Pulumi id: what a preview knows even where the account changes.", async () => {
  const { accountId } = new ServiceAccount("exporter", { role: "viewer" });
  expect(await new Promise((told) => accountId.apply(told))).toBe("exporter-id");
});
