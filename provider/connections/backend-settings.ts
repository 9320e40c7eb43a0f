/** What the settings of a connection say to its backend: the backend's own fields, and limits and scopes beyond what it declares. */
import type { Backend, Capabilities } from "../backends/definition";
import { ConfigError } from "../errors";
import { isKnownScope, nearestScope, nearestWord, type ScopeCatalogue, withExtraScopes } from "../scopes";
import { asThrown } from "../thrown";
import { parseDuration } from "../values/durations";
import { scopesOn } from "../vendors/vendor";
import { type Configured, ownFields } from "./connection-settings";

/** Lets the backend read its own fields of the connection. */
export function readOptions(configured: Configured): unknown {
  const { name, settings, backend } = configured;
  assertNoCredential(configured);
  const rest = Object.fromEntries(Object.entries(settings).filter(([field]) => !Object.hasOwn(ownFields, field)));
  const [unknown] = Object.keys(rest);
  if (!backend.options) {
    if (unknown === undefined) return undefined;
    throw new ConfigError(
      `connection "${name}": unknown field "${unknown}".${meant(unknown)} Known fields: ${Object.keys(ownFields).join(", ")}.`,
    );
  }
  try {
    return backend.options(rest);
  } catch (error) {
    const thrown = asThrown(error);
    if (thrown instanceof ConfigError)
      throw new ConfigError(`connection "${name}": ${thrown.message}${unknown === undefined ? "" : meant(unknown)}`);
    throw thrown;
  }
}

/** Fields in which people write a token itself. A backend may have a field of that name for something that is no secret. */
const credentialWords = [
  "token",
  "apiToken",
  "apiKey",
  "accessToken",
  "adminToken",
  "secret",
  "password",
  "credential",
];

function assertNoCredential({ name, settings }: Configured): void {
  const field = credentialWords.find((word) => typeof settings[word] === "string");
  if (field === undefined) return;
  throw new ConfigError(
    `connection "${name}": "${field}" holds a text, and a credential does not belong in the config, which keeps connections in clear. Take it out, say where it is with tokenEnv, tokenFile or tokenCommand, or keep it encrypted (pulumi config set --secret --path apikeys:tokens.${name}).`,
  );
}

function meant(field: string): string {
  const near = nearestWord(field, Object.keys(ownFields));
  return near ? ` Did you mean "${near}"?` : "";
}

/** What the backend declares for this connection. */
type Declared = Pick<Backend, "capabilities" | "catalogue">;

/** The backend's catalogue with the scopes that the connection adds. */
export function readCatalogue(
  { name, settings: { extraScopes }, backend: { name: backend } }: Configured,
  { capabilities, catalogue: known }: Declared,
): ScopeCatalogue | undefined {
  const field = `config apikeys:connections.${name}.extraScopes`;
  if (extraScopes && scopesOn(capabilities) === "none" && capabilities.serviceAccounts?.scopes === "none")
    throw new ConfigError(`connection "${name}": ${backend} has no scopes; leave "extraScopes" out (${field}).`);
  const catalogue = withExtraScopes(known, extraScopes);
  for (const [scope, { implies = [] }] of Object.entries(catalogue?.extra ?? {})) {
    const unknown = implies.find((implied) => catalogue && !implied.includes("*") && !isKnownScope(catalogue, implied));
    if (catalogue === undefined || unknown === undefined) continue;
    const near = nearestScope(catalogue, unknown);
    throw new ConfigError(
      `connection "${name}": "extraScopes" says that ${JSON.stringify(scope)} implies ${JSON.stringify(unknown)}, which is not a scope of ${backend}${near === undefined ? "" : `; did you mean "${near}"?`} (${field}).`,
    );
  }
  return catalogue;
}

/** The backend's capabilities, with the connection's limit on the life of a key. */
export function readCapabilities(
  { name, settings: { maxLife }, backend: { name: backend } }: Configured,
  { capabilities }: Declared,
): Capabilities {
  if (maxLife === undefined) return capabilities;
  const { expiry } = capabilities;
  const field = `config apikeys:connections.${name}.maxLife`;
  if (expiry.support === "none")
    throw new ConfigError(
      `connection "${name}": keys of ${backend} have no end of their own; leave "maxLife" out (${field}).`,
    );
  const ms = parseDuration(maxLife);
  const problem = typeof ms !== "number" ? ms.problem : ms === 0 ? "is zero; write a time such as 90d" : undefined;
  if (problem !== undefined) throw new ConfigError(`connection "${name}": "maxLife" ${problem} (${field}).`);
  const longestMs = Math.min(Number(ms), expiry.longestMs ?? Infinity);
  return { ...capabilities, expiry: { ...expiry, longestMs } };
}
