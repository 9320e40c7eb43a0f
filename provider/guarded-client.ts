import type { ApiKey, BackendClient, IssuedApiKey, NewKey, ServiceAccount } from "./backends/definition";
import { ExposedSecretError } from "./errors";
import { asOneCall } from "./http/list-bounds";
import { holdsSecret, rememberSecrets, windowsOf } from "./known-secrets";
import type { SecretWindows } from "./secret-windows";

/**
 * A backend's client as the lifecycle gets it. Its results come from the service, and most are stored and shown in
 * clear. This leaves out every field that contains a part of a secret, refuses a key or an account whose id does, and
 * limits what a call reads page by page.
 */
export function guardClient(client: BackendClient): BackendClient {
  const methods = Object.entries(client).map(([name, method]: [string, unknown]) => [
    name,
    typeof method === "function" ? guarded(client, name, method as Method) : method,
  ]);
  return Object.fromEntries(methods) as BackendClient;
}

type Method = (...args: unknown[]) => unknown;
type Clear = (told: never, asked: never) => unknown;

function guarded(client: BackendClient, name: string, method: Method): Method {
  const clear = clearings[name as keyof BackendClient] as ((told: unknown, asked: unknown) => unknown) | undefined;
  return (...args) =>
    asOneCall(async () => {
      const told: unknown = await method.apply(client, args);
      return clear ? clear(told, args[0]) : told;
    });
}

/** How to clear the result of each method. */
const clearings: Partial<Readonly<Record<keyof BackendClient, Clear>>> = {
  createKey: (told: IssuedApiKey, asked: NewKey) => {
    if (asked.secretValue !== undefined) rememberSecrets(asked.secretValue);
    return clearIssued(told, asked.name);
  },
  rotateKey: (told: IssuedApiKey, asked: { readonly name: string }) => clearIssued(told, asked.name),
  getKey: clearKey,
  listKeys: (told: readonly ApiKey[] | undefined) => clearEach(told, clearKey),
  updateKey: clearKey,
  createServiceAccount: (told: ServiceAccount, asked: { readonly name: string }) => clearAccount(told, asked.name),
  getServiceAccount: (told: ServiceAccount | undefined) => clearAccount(told),
  listServiceAccounts: (told: readonly ServiceAccount[]) => clearEach(told, (each) => clearAccount(each)),
  updateServiceAccount: (told: ServiceAccount) => clearAccount(told),
};

/** Clears a new key, and remembers its secret from here on. */
function clearIssued(key: IssuedApiKey, asked: string): IssuedApiKey {
  // Your own backend may return anything; the lifecycle says what is missing.
  if (typeof key?.secret !== "string") return key;
  rememberSecrets(key.secret);
  const issued = windowsOf(key.secret);
  for (const [field, what] of [
    ["id", "id"],
    ["accessId", "public half"],
  ] as const)
    if (holdsSecretIn(key[field], issued))
      throw new ExposedSecretError(
        `the service told a key whose ${what} holds a part of a secret, and it would stand in the state in clear.`,
        String(key.id),
      );
  return clearFields(key, { kept: ["secret"], asked, issued });
}

function clearKey(key: ApiKey | undefined): ApiKey | undefined {
  return typeof key === "object" && key !== null ? clearFields(key) : key;
}

/** An account has no secret, so the secret in its id belongs to something else. */
function clearAccount(account: ServiceAccount | undefined, asked?: string): ServiceAccount | undefined {
  if (typeof account !== "object" || account === null) return account;
  if (holdsSecretIn(account.id))
    throw new ExposedSecretError(
      "the service told a service account whose id holds a part of a secret, and it would stand in the state in clear.",
      String(account.id),
    );
  return clearFields(account, asked === undefined ? {} : { asked });
}

const times = ["createdAt", "expiresAt", "lastUsedAt"];
/** Text that is not a time may be anything, and would be stored and printed. */
const isTimeText = /^[\d:.+TtZz -]{8,40}$/;

/**
 * Leaves out fields that contain a part of a secret; the code that records ids judges those. A name with a secret
 * becomes the requested one, or an empty one, so nobody takes the object for ours by its name.
 */
function clearFields<Told extends object>(
  told: Told,
  { kept = [], asked = "", issued }: { kept?: readonly string[]; asked?: string; issued?: SecretWindows } = {},
): Told {
  const fields: [string, unknown][] = [];
  for (const [field, value] of Object.entries(told) as [string, unknown][]) {
    if (field === "id" || kept.includes(field)) fields.push([field, value]);
    else if (times.includes(field) && typeof value === "string" && !isTimeText.test(value)) continue;
    else if (field === "options") fields.push([field, clearOptions(value, issued)]);
    else if (field === "name") fields.push([field, holdsSecretIn(value, issued) ? asked : value]);
    else if (Array.isArray(value)) fields.push([field, value.filter((each) => !holdsSecretIn(each, issued))]);
    else if (!holdsSecretIn(value, issued)) fields.push([field, value]);
  }
  return Object.fromEntries(fields) as Told;
}

/** The options without those that hold a part of a secret. */
function clearOptions(options: unknown, issued?: SecretWindows): unknown {
  if (typeof options !== "object" || options === null) return options;
  const texts = (value: unknown): unknown[] =>
    typeof value === "object" && value !== null ? Object.entries(value).flat() : [value];
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => !texts(value).some((text) => holdsSecretIn(text, issued))),
  );
}

function clearEach<Item>(
  items: readonly Item[] | undefined,
  clear: (item: Item) => Item | undefined,
): readonly (Item | undefined)[] | undefined {
  return Array.isArray(items) ? (items as readonly Item[]).map(clear) : items;
}

function holdsSecretIn(value: unknown, issued?: SecretWindows): boolean {
  return (typeof value === "string" || typeof value === "number") && holdsSecret(String(value), issued);
}
