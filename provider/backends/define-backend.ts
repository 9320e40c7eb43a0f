/** Checks a backend when its file is loaded. A mistake is reported with the field's name before any key is at risk. */
import { z } from "zod";
import { defined } from "../defined";
import { ConfigError } from "../errors";
import { kindOf } from "../redact";
import { valueAt } from "../value-at";
import { nearestWord, type ScopeCatalogue, type ScopeFacts, scopeLevels } from "../scopes";
import { declareShape } from "../secret-shapes";
import { type Capabilities, capabilitiesSchema, regularExpression } from "../vendors/capabilities";
import { contradictionsOf } from "../vendors/contradictions";
import { scopesOn } from "../vendors/vendor";
import type { Backend, BackendDefinition } from "./definition";

/**
 * Declares a backend: checks its shape at once, and fills in the default capabilities.
 *
 * @throws ConfigError - names the wrong field and what it accepts.
 */
export function defineBackend<Options = undefined>(definition: BackendDefinition<Options>): Backend {
  const name = typeof definition?.name === "string" && definition.name !== "" ? definition.name : undefined;
  if (!name) throw new ConfigError(`defineBackend: "name" is ${kindOf(definition?.name)}; give the backend a name.`);
  const capabilities = completeCapabilities(name, definition.capabilities);
  if (typeof definition.connect !== "function")
    throw new ConfigError(
      `Backend "${name}": "connect" is ${kindOf(definition.connect)}; give a function that returns the methods.`,
    );
  // The other functions take what `options` returns.
  const own = definition as unknown as BackendDefinition<unknown>;
  const { defaultUrl, undocumentedWrites, catalogue } = own;
  assertFacts(name, capabilities, catalogue);
  if (capabilities.secret.shape !== undefined) declareShape(capabilities.secret.shape);
  return {
    name,
    capabilities,
    ...defined({
      defaultUrl,
      undocumentedWrites,
      catalogue,
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
        return defined({ tenant, catalogue: adapted.catalogue, capabilities: completed });
      },
    }),
    connect: own.connect.bind(own),
  };
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

function checkForm<Schema extends z.ZodType>(
  name: string,
  part: string,
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  const { data, error } = schema.safeParse(value);
  const issue = error?.issues[0];
  if (issue)
    throw new ConfigError(
      `Backend "${name}": "${[part, ...issue.path].join(".")}" ${wordsFor(issue, schema, valueAt(value, issue.path))}`,
    );
  return data as z.output<Schema>;
}

/** What is wrong with a field, and what it accepts. */
function wordsFor(issue: z.core.$ZodIssue, schema: z.ZodType, value: unknown): string {
  if (issue.code === "unrecognized_keys") {
    const near = nearestWord(issue.keys[0] ?? "", namesAt(schema, issue.path));
    return `is wrong: ${issue.message}.${near === undefined ? "" : ` Did you mean "${near}"?`}`;
  }
  if (value !== undefined) return `is wrong: ${issue.message}.`;
  return issue.code === "invalid_value"
    ? `is missing; it is one of ${issue.values.map((word) => JSON.stringify(word)).join(", ")}.`
    : "is missing; no answer to it can be assumed.";
}

/** The field names that the schema allows at that path. */
function namesAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let place: unknown = schema;
  const within = () => {
    while (typeof (place as z.ZodOptional).unwrap === "function") place = (place as z.ZodOptional).unwrap();
    return (place as Partial<z.ZodObject>).shape ?? {};
  };
  for (const step of path) place = within()[String(step)] ?? {};
  return Object.keys(within());
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
