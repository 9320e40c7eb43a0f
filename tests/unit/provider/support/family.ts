import type { Capabilities } from "../../../../provider/backends/definition";
import { createApiKeyProvider } from "../../../../provider/resources/api-key/resource";
import { createRotatingApiKeyProvider } from "../../../../provider/resources/rotation/resource";
import { createServiceAccountProvider } from "../../../../provider/resources/service-account/resource";
import { OneResource } from "../../../../testing/one-resource";
import { accounts, FakeService } from "./fake-service";
import { accountProgram, keyProgram, succeeded } from "./resources";

/** An account with a key and a rotating key, on a service that keeps the word of what is disabled on the account alone. */
export async function family(
  more: Partial<typeof accounts> = {},
  inputs: object = {},
  abilities: Partial<Capabilities> = {},
) {
  const service = new FakeService({
    parent: "serviceAccount",
    serviceAccounts: { ...accounts, ...more },
    ...abilities,
  });
  const account = new OneResource(createServiceAccountProvider(service.context()));
  const ofAccount = { ...accountProgram, ...inputs };
  succeeded(await account.up(ofAccount));
  const { accountId } = account.outs;
  const ofKeys = { ...keyProgram, serviceAccountId: accountId, ...inputs };
  const ofRotating = { ...ofKeys, rotateEvery: "30d", overlap: "5d" };
  const key = new OneResource(createApiKeyProvider(service.context()));
  const rotating = new OneResource(createRotatingApiKeyProvider(service.context()));
  succeeded(await key.up(ofKeys));
  succeeded(await rotating.up(ofRotating));
  const set = (status: "active" | "disabled") => {
    const told = service.accounts.get(String(accountId));
    if (told) service.accounts.set(told.id, { ...told, status });
  };
  return { service, account, key, rotating, set, programs: { account: ofAccount, key: ofKeys, rotating: ofRotating } };
}
