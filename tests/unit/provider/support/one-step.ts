import type { BackendClient, BackendDefinition } from "../../../../provider/backends/definition";
import { checking } from "../../../../provider/connections/checked-client";
import { withSteps } from "../../../../provider/connections/client-steps";
import { guarding } from "../../../../provider/connections/guarded-client";

/** A client whose calls take one step of those that a connection has. */
export function guardClient(client: BackendClient): BackendClient {
  return withSteps(client, [guarding]);
}

export function checkedClient(
  client: BackendClient,
  declared?: Pick<BackendDefinition, "keyOptions" | "accountOptions">,
): BackendClient {
  return withSteps(client, [checking(declared)]);
}
