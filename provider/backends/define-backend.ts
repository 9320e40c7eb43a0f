/** Checks a backend when its file is loaded. A mistake is reported with the field's name before any key is at risk. */
import { z } from "zod";
import { defined } from "../values/defined";
import { ConfigError } from "../errors";
import { kindOf } from "../secrets/redact";
import { type ScopeCatalogue, type ScopeExpression, type ScopeFacts, scopeLevels } from "../scopes";
import { declareShape } from "../secrets/secret-shapes";
import { type Capabilities, capabilitiesSchema, regularExpression } from "../vendors/capabilities";
import { contradictionsOf } from "../vendors/contradictions";
import type { DeclaredOptions } from "../vendors/options";
import { scopesOn } from "../vendors/vendor";
import { checkForm } from "./check-form";
import { assertDeclaredOptions } from "./declared-options";
import type { Adaptation, Backend, BackendDefinition } from "./definition";

/**
 * Declares a backend: checks its shape at once, and fills in the default capabilities.
 *
 * @throws ConfigError - names the wrong field and what it accepts.
 */
export function defineBackend<
  Options = undefined,
  const KeyOptions extends DeclaredOptions = DeclaredOptions,
  const AccountOptions extends DeclaredOptions = DeclaredOptions,
>(definition: BackendDefinition<Options, KeyOptions, AccountOptions>): Backend {
  const name = typeof definition?.name === "string" && definition.name !== "" ? definition.name : undefined;
  if (!name) throw new ConfigError(`defineBackend: "name" is ${kindOf(definition?.name)}; give the backend a name.`);
  const capabilities = completeCapabilities(name, definition.capabilities);
  if (typeof definition.connect !== "function")
    throw new ConfigError(
      `Backend "${name}": "connect" is ${kindOf(definition.connect)}; give a function that returns the methods.`,
    );
  // The other functions take what `options` returns.
  const own = definition as unknown as BackendDefinition<unknown>;
  const { defaultUrl, undocumentedWrites, catalogue, keyOptions, accountOptions } = own;
  assertFacts(name, capabilities, catalogue);
  assertOptions(name, capabilities, { keyOptions, accountOptions });
  if (capabilities.secret.shape !== undefined) declareShape(capabilities.secret.shape);
  return {
    name,
    capabilities,
    ...defined({
      defaultUrl,
      undocumentedWrites,
      catalogue,
      keyOptions,
      accountOptions,
      options: own.options?.bind(own),
      authenticate: own.authenticate?.bind(own),
      validateKey: own.validateKey?.bind(own),
      validateAccount: own.validateAccount?.bind(own),
    }),
    ...(own.adapt && {
      adapt: (options) => {
        const { tenant, ...adapted } = own.adapt?.(options) ?? {};
        const completed = adapted.capabilities && completeCapabilities(name, adapted.capabilities);
        assertFacts(name, completed ?? capabilities, adapted.catalogue ?? catalogue);
        const now = { keyOptions, accountOptions, ...defined(pickOptions(adapted)) };
        assertOptions(name, completed ?? capabilities, now);
        return defined({ ...pickOptions(adapted), tenant, catalogue: adapted.catalogue, capabilities: completed });
      },
    }),
    connect: own.connect.bind(own),
  };
}

type Declared = Pick<Adaptation, "keyOptions" | "accountOptions">;

function pickOptions({ keyOptions, accountOptions }: Declared): {
  [Part in keyof Declared]: Declared[Part] | undefined;
} {
  return { keyOptions, accountOptions };
}

function assertOptions(
  name: string,
  { serviceAccounts }: Capabilities,
  { keyOptions, accountOptions }: { readonly [Part in keyof Declared]: Declared[Part] | undefined },
): void {
  assertDeclaredOptions(name, "keyOptions", keyOptions);
  assertDeclaredOptions(name, "accountOptions", accountOptions);
  if (accountOptions && !serviceAccounts)
    throw new ConfigError(
      `Backend "${name}": there are "accountOptions", but "capabilities.serviceAccounts" is left out: the service has no accounts; correct one of the two.`,
    );
}

/** Refuses facts that are wrong or contradict each other. */
function assertFacts(name: string, capabilities: Capabilities, catalogue: ScopeCatalogue | undefined): void {
  if (catalogue) assertCatalogue(name, catalogue);
  else if (scopesOn(capabilities) === "key")
    throw new ConfigError(
      `Backend "${name}": "catalogue" is missing; keys have scopes ("capabilities.scopes"), so list them, or give the form of an open catalogue.`,
    );
  const contradictions = contradictionsOf(capabilities, catalogue);
  if (contradictions.length > 0)
    throw new ConfigError(
      `Backend "${name}": its capabilities contradict each other: ${contradictions.join("; and ")}.`,
    );
}

/** The capabilities with every default filled in. */
export function completeCapabilities(name: string, offered: unknown): Capabilities {
  return checkForm(name, "capabilities", capabilitiesSchema, offered);
}

// `satisfies` makes it a compile error if the interface has a field that this lacks.
const scopeFacts = z.strictObject({
  implies: z.array(z.string()).optional(),
  level: z.enum(scopeLevels).optional(),
  mintsKeys: z.boolean().optional(),
} satisfies Record<keyof ScopeFacts, z.ZodType>);
const catalogueSchema = z.strictObject({
  scopes: z.record(z.string(), scopeFacts),
  open: z
    .strictObject({
      pattern: regularExpression,
      example: z.string(),
      levels: z.record(z.string().min(1), z.enum(scopeLevels)).optional(),
      expression: z
        .strictObject({
          in: regularExpression,
          whole: z.boolean().optional(),
          unclear: z.array(z.string().min(1)).readonly().optional(),
        } satisfies Record<keyof ScopeExpression, z.ZodType>)
        .optional(),
    })
    .optional(),
  limitMark: z.string().optional(),
} satisfies Record<Exclude<keyof ScopeCatalogue, "extra">, z.ZodType>);

function assertCatalogue(name: string, offered: ScopeCatalogue): void {
  const { open } = checkForm(name, "catalogue", catalogueSchema, offered);
  if (open && !new RegExp(open.pattern).test(open.example))
    throw new ConfigError(
      `Backend "${name}": "catalogue.open.example" is wrong: users are shown it as a scope that is taken, and "catalogue.open.pattern" does not take it.`,
    );
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
