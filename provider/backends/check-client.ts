/** Checks a backend's methods before the first call. */
import { ConfigError } from "../errors";
import { kindOf } from "../secrets/redact";
import { nearestWord } from "../scopes";
import type { Capabilities } from "../vendors/capabilities";
import type { DeclaredOptions } from "../vendors/options";
import type { BackendClient, BackendDefinition } from "./definition";

/** Every method that a client may have. */
export const clientMethods = Object.keys({
  createKey: true,
  getKey: true,
  listKeys: true,
  listScopes: true,
  updateKey: true,
  revokeKey: true,
  enableKey: true,
  rotateKey: true,
  revokePrevious: true,
  probe: true,
  whoAmI: true,
  createServiceAccount: true,
  getServiceAccount: true,
  listServiceAccounts: true,
  updateServiceAccount: true,
  enableServiceAccount: true,
  deleteServiceAccount: true,
} satisfies Record<keyof BackendClient, true>) as (keyof BackendClient)[];
const always = ["createKey", "getKey", "listKeys", "revokeKey"] as const;
const forAccounts = [
  "createServiceAccount",
  "getServiceAccount",
  "listServiceAccounts",
  "deleteServiceAccount",
] as const;

/** Refuses a client that lacks a method its capabilities promise, or that has a misspelled one. */
export function checkClient(
  name: string,
  offered: Capabilities,
  client: BackendClient,
  options: Pick<BackendDefinition, "keyOptions" | "accountOptions"> = {},
): BackendClient {
  if (typeof client !== "object" || client === null)
    throw new ConfigError(
      `Backend "${name}": "connect" returned ${kindOf(client)}; return an object with the methods.`,
    );
  const strangers = Object.keys(client).filter((method) => !clientMethods.includes(method as keyof BackendClient));
  for (const method of neededMethods(offered, options)) {
    if (typeof client[method] === "function") continue;
    const near = nearestWord(method, strangers);
    throw new ConfigError(
      `Backend "${name}": the method "${method}" is missing; "connect" must return it, because the capabilities promise it.${near === undefined ? "" : ` Is that what "${near}" is meant to be?`}`,
    );
  }
  const absent = clientMethods.filter((method) => client[method] === undefined);
  for (const stranger of strangers) {
    const near = nearestWord(stranger, absent);
    if (near !== undefined)
      throw new ConfigError(`Backend "${name}": there is no method "${stranger}". Did you mean "${near}"?`);
  }
  return client;
}

function neededMethods(
  offered: Capabilities,
  { keyOptions, accountOptions }: Pick<BackendDefinition, "keyOptions" | "accountOptions">,
): (keyof BackendClient)[] {
  const { serviceAccounts } = offered;
  const { name, description, role, scopes } = serviceAccounts ?? {};
  const inPlace = (options: DeclaredOptions = {}) => Object.values(options).some(({ change }) => change === "update");
  const changesKeys =
    inPlace(keyOptions) ||
    [offered.rename, offered.expiry.update, offered.description === "update", offered.marker === "metadata"].some(
      Boolean,
    );
  const changesAccounts = inPlace(accountOptions) || [name, description, role, scopes].includes("update");
  return [
    ...always,
    ...(serviceAccounts ? forAccounts : []),
    ...(offered.enable ? (["enableKey"] as const) : []),
    ...(serviceAccounts?.enable ? (["enableServiceAccount"] as const) : []),
    ...(changesAccounts ? (["updateServiceAccount"] as const) : []),
    ...(offered.nativeRotate ? (["rotateKey"] as const) : []),
    ...(endsOldSecretItself(offered) ? (["revokePrevious"] as const) : []),
    ...(changesKeys ? (["updateKey"] as const) : []),
  ];
}

/** The service decides how long an old secret keeps working, or the grace may be cut short: then a call must end it. */
function endsOldSecretItself({ maxActiveKeys, nativeRotate, lastUsed }: Capabilities): boolean {
  if (maxActiveKeys !== 1 || nativeRotate?.id !== "same" || nativeRotate.maxGraceMs === 0) return false;
  return !nativeRotate.graceChosen || lastUsed !== undefined;
}
