import { describe, expect, test } from "@jest/globals";
import { createApiKeyProvider } from "../../../../../provider/resources/api-key/resource";
import type { ResourceContext } from "../../../../../provider/resources/context";
import { createRotatingApiKeyProvider } from "../../../../../provider/resources/rotation/resource";
import { createServiceAccountProvider } from "../../../../../provider/resources/service-account/resource";
import { OneResource } from "../../../../../testing/one-resource";
import { accounts, FakeService } from "../../support/fake-service";
import { accountProgram, keyProgram } from "../../support/resources";

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

  test("says so in its first update, which sends nothing and records its own name", async () => {
    const { service, resource } = await made();
    service.warnings = [];
    const sent = service.calls.length;
    expect(await resource.up({ ...program, origin: copied })).toMatchObject({ op: "update", replaces: [] });
    expect(service.calls).toHaveLength(sent);
    expect(resource.outs).toMatchObject({ origin: copied, status: "active" });
    expect(service.warnings).toEqual([
      expect.stringMatching(
        /^the resources of this stack \(acme\/billing\/copy\) were made by the stack acme\/billing\/dev\. If it was renamed, nothing is wrong\. If it is a copy, .*pulumi state delete/,
      ),
    ]);
    service.warnings = [];
    expect(await resource.up({ ...program, origin: copied })).toMatchObject({ op: "same" });
    expect(service.warnings).toEqual([]);
  });

  test("records its own name where an earlier version left it out of the record, and where no input tells it", async () => {
    const { service, resource, another } = await made();
    service.warnings = [];
    // Version 0.1 took the new name into the inputs alone; the plugin's inputs have none.
    const renamed = another();
    renamed.state = resource.state && { ...resource.state, inputs: { ...resource.state.inputs, origin: copied } };
    expect(await renamed.up({ ...program, origin: copied })).toMatchObject({ op: "update", replaces: [] });
    expect(renamed.outs).toMatchObject({ origin: copied });
    expect(service.warnings).toEqual([expect.stringContaining("were made by the stack acme/billing/dev")]);
    expect(await renamed.up({ ...program, origin: copied })).toMatchObject({ op: "same" });
  });

  test("goes on saying so in a copy, and on the record, until the stack that made it lets go of it", async () => {
    const names = new Set<string>();
    const state = { identity: "i", names, holders: new Map() };
    const { service, resource, another } = await made({ askState: () => Promise.resolve(state) });
    names.add(String(resource.outs.physicalName));
    const inCopy = { ...program, origin: copied };
    for (let run = 0; run < 2; run += 1) {
      const next = another();
      next.state = resource.state;
      service.warnings = [];
      await next.up(inCopy);
      resource.state = next.state;
      expect(resource.outs).toMatchObject({ origin: "acme/billing/dev/export" });
      expect(service.warnings).toEqual([expect.stringContaining("were made by the stack acme/billing/dev")]);
    }
    await resource.up({ ...inCopy, labels: { owner: "web" } });
    expect(resource.outs).toMatchObject({ origin: "acme/billing/dev/export", labels: { owner: "web" } });
    names.clear();
    await resource.up(inCopy);
    expect(resource.outs).toMatchObject({ origin: copied });
  });

  test("does not take an organisation that a plugin is not told for another stack", async () => {
    const { resource } = await made();
    const moved = { ...program, origin: "organization/billing/dev/export" };
    if (resource.state) resource.state = { ...resource.state, inputs: { ...resource.state.inputs, ...moved } };
    expect(await resource.up(moved)).toMatchObject({ op: "same" });
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
