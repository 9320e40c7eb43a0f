/** What is checked of a backend when its file is loaded, so that a mistake is told by the field's name before a key is at stake. */
import { z } from "zod";
import { defined } from "../defined";
import { ConfigError } from "../errors";
import { kindOf } from "../redact";
import type { ScopeCatalogue, ScopeFacts } from "../scopes";
import { type Capabilities, capabilitiesSchema, regularExpression } from "../vendors/capabilities";
import { scopesOn } from "../vendors/vendor";
import type { Adaptation, Backend, BackendClient, BackendDefinition } from "./definition";

/**
 * Declares a backend: checks its shape at once, and completes its capabilities.
 *
 * @throws ConfigError - names the field that is wrong, and what it takes.
 */
export function defineBackend<Options = undefined>(definition: BackendDefinition<Options>): Backend {
  const name = typeof definition?.name === "string" && definition.name !== "" ? definition.name : undefined;
  if (!name) throw new ConfigError(`defineBackend: "name" is ${kindOf(definition?.name)}; give the backend a name.`);
  const capabilities = completeCapabilities(name, definition.capabilities);
  if (typeof definition.connect !== "function")
    throw new ConfigError(
      `Backend "${name}": "connect" is ${kindOf(definition.connect)}; give a function that returns the methods.`,
    );
  // What `options` returns is what the other functions take.
  const own = definition as unknown as BackendDefinition<unknown>;
  const { defaultUrl, undocumentedWrites, catalogue } = own;
  if (catalogue) assertCatalogue(name, catalogue);
  if (!catalogue && scopesOn(capabilities) === "key")
    throw new ConfigError(
      `Backend "${name}": "catalogue" is missing; keys have scopes ("capabilities.scopes"), so list them, or give the form of an open catalogue.`,
    );
  return {
    name,
    capabilities,
    ...defined({
      defaultUrl,
      undocumentedWrites,
      catalogue,
      options: own.options?.bind(own),
      authenticate: own.authenticate?.bind(own),
    }),
    ...(own.adapt && { adapt: (options) => completeAdaptation(name, own.adapt?.(options) ?? {}) }),
    connect: own.connect.bind(own),
  };
}

function completeAdaptation(
  name: string,
  { capabilities, catalogue, tenant }: Adaptation,
): ReturnType<NonNullable<Backend["adapt"]>> {
  if (catalogue) assertCatalogue(name, catalogue);
  return {
    ...defined({ catalogue, tenant }),
    ...(capabilities && { capabilities: completeCapabilities(name, capabilities) }),
  };
}

/** The capabilities with an answer to every question. */
export function completeCapabilities(name: string, offered: unknown): Capabilities {
  return checkForm(name, "capabilities", capabilitiesSchema, offered);
}

function checkForm<Schema extends z.ZodType>(
  name: string,
  part: string,
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  const { data, error } = schema.safeParse(value);
  const issue = error?.issues[0];
  if (issue)
    throw new ConfigError(`Backend "${name}": "${[part, ...issue.path].join(".")}" is wrong: ${issue.message}.`);
  return data as z.output<Schema>;
}

// `satisfies` makes a field that only the interface has a compile error.
const scopeFacts = z.strictObject({
  implies: z.array(z.string()).optional(),
  level: z.enum(["read", "write", "admin"]).optional(),
  mintsKeys: z.boolean().optional(),
} satisfies Record<keyof ScopeFacts, z.ZodType>);
const catalogueSchema = z.strictObject({
  scopes: z.record(z.string(), scopeFacts),
  open: z
    .strictObject({
      pattern: regularExpression,
      example: z.string(),
    })
    .optional(),
  limitMark: z.string().optional(),
} satisfies Record<keyof ScopeCatalogue, z.ZodType>);

function assertCatalogue(name: string, offered: ScopeCatalogue): void {
  checkForm(name, "catalogue", catalogueSchema, offered);
  for (const [scope, { implies = [] }] of Object.entries(offered.scopes)) {
    const unknown = implies.find(
      (implied) => !offered.open && !implied.includes("*") && !Object.hasOwn(offered.scopes, implied),
    );
    if (unknown !== undefined)
      throw new ConfigError(
        `Backend "${name}": "catalogue.scopes.${scope}.implies" is wrong: there is no scope "${unknown}".`,
      );
  }
}

const always = ["createKey", "getKey", "listKeys", "revokeKey"] as const;
const forAccounts = [
  "createServiceAccount",
  "getServiceAccount",
  "listServiceAccounts",
  "deleteServiceAccount",
] as const;

/** Refuses a client that lacks a method its capabilities promise. */
export function checkClient(name: string, offered: Capabilities, client: BackendClient): BackendClient {
  if (typeof client !== "object" || client === null)
    throw new ConfigError(
      `Backend "${name}": "connect" returned ${kindOf(client)}; return an object with the methods.`,
    );
  const needed: (keyof BackendClient)[] = [...always];
  const { serviceAccounts } = offered;
  if (serviceAccounts) needed.push(...forAccounts);
  if (
    serviceAccounts &&
    [serviceAccounts.name, serviceAccounts.description, serviceAccounts.role, serviceAccounts.scopes].includes("update")
  )
    needed.push("updateServiceAccount");
  if (offered.nativeRotate) needed.push("rotateKey");
  if (offered.rename || offered.description === "update" || offered.expiry.update || offered.marker === "metadata")
    needed.push("updateKey");
  for (const method of needed) {
    if (typeof client[method] !== "function")
      throw new ConfigError(
        `Backend "${name}": the method "${method}" is missing; "connect" must return it, because the capabilities promise it.`,
      );
  }
  return client;
}
