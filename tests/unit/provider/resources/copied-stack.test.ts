import { describe, expect, test } from "@jest/globals";
import { createApiKeyProvider } from "../../../../provider/resources/api-key";
import type { ResourceContext } from "../../../../provider/resources/context";
import { createRotatingApiKeyProvider } from "../../../../provider/resources/rotation/resource";
import { createServiceAccountProvider } from "../../../../provider/resources/service-account";
import { OneResource } from "../../../../testing/one-resource";
import { accounts, FakeService } from "../support/fake-service";
import { accountProgram, keyProgram } from "../support/resources";

const copied = "acme/billing/copy/export";
const kinds = [
  ["ApiKey", createApiKeyProvider, keyProgram, {}],
  ["RotatingApiKey", createRotatingApiKeyProvider, { ...keyProgram, rotateEvery: "30d" }, {}],
  ["ServiceAccount", createServiceAccountProvider, accountProgram, { serviceAccounts: accounts }],
] as const;

describe.each(kinds)("A stack with an %s that was renamed or copied", (_kind, create, program, abilities) => {
  const made = async (more: Partial<ResourceContext> = {}) => {
    const service = new FakeService(abilities);
    const context = { ...service.context(), ...more };
    const resource = new OneResource(create(context));
    await resource.up(program);
    return { service, resource, another: () => new OneResource(create({ ...context, warn: context.warn.bind({}) })) };
  };

  test("says so in its first update, changes nothing, and records its own name", async () => {
    const { service, resource } = await made();
    service.warnings = [];
    expect(await resource.up({ ...program, origin: copied })).toMatchObject({ op: "same" });
    expect(service.warnings).toEqual([
      expect.stringMatching(
        /^the resources of this stack \(acme\/billing\/copy\) were made by the stack acme\/billing\/dev\. If it was renamed, nothing is wrong\. If it is a copy, .*pulumi state delete/,
      ),
    ]);
    service.warnings = [];
    expect(await resource.up({ ...program, origin: copied })).toMatchObject({ op: "same" });
    expect(service.warnings).toEqual([]);
  });

  test.each([
    ["another state has it, and is not being changed", { isChanging: false }, 1],
    ["the stack that made it is being changed", { isChanging: true }, 0],
    ["there is no such stack any more", undefined, 0],
  ])("tells a deletion where %s", async (_where, state, told) => {
    const names = new Set<string>();
    const { service, resource } = await made({
      askState: () => Promise.resolve(state && { identity: "i", names, holders: new Map(), ...state }),
    });
    names.add(String(resource.outs.physicalName));
    service.warnings = [];
    await resource.destroy();
    expect(service.warnings.filter((words) => words.includes("acme/billing/dev"))).toHaveLength(told);
  });
});
