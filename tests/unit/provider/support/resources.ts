import type { Capabilities } from "../../../../provider/backends/definition";
import { createApiKeyProvider } from "../../../../provider/resources/api-key/resource";
import { createServiceAccountProvider } from "../../../../provider/resources/service-account/resource";
import { OneResource, type Step } from "../../../../testing/one-resource";
import { FakeService, origin } from "./fake-service";

/** What a user writes. */
export type Program = Readonly<Record<string, unknown>>;

export const keyProgram: Program = { scopes: ["read:checks"], origin, __provider: "code" };
export const accountProgram: Program = { description: "nightly export", origin, __provider: "code" };

/** An ApiKey that has been made by a service of these abilities. */
export async function madeKey(program: Program = {}, abilities: Partial<Capabilities> = {}) {
  const service = new FakeService(abilities);
  const key = new OneResource(createApiKeyProvider(service.context()));
  const whole = { ...keyProgram, ...program };
  succeeded(await key.up(whole));
  return { service, key, program: whole };
}

/** A ServiceAccount that has been made by a service of these abilities. */
export async function madeAccount(program: Program, abilities: Partial<Capabilities>) {
  const service = new FakeService(abilities);
  const account = new OneResource(createServiceAccountProvider(service.context()));
  const whole = { ...accountProgram, ...program };
  succeeded(await account.up(whole));
  return { service, account, program: whole };
}

export function succeeded(step: Step): Step {
  if (step.op === "refused")
    throw new Error(step.failures.map(({ property, reason }) => `${property}: ${reason}`).join("\n"));
  return step;
}

/** The id of the object that the state holds. */
export function idOf(resource: OneResource): string {
  return resource.state?.id ?? "none";
}
