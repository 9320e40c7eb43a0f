/**
 * Where secrets enter and leave. Inside, a secret is plain text; every record that leaves carries it in the engine's
 * encrypted form. The engine drops the secret marks on the way in, so a mark that is not set on the way out is lost.
 */
import { PartialFailure } from "./resources/lifecycle";
import type { Lifecycle } from "./resources/lifecycle";
import { asSecret, plainSecret } from "./values/wire";

/** The properties of all resources that the state encrypts. */
export const secretProperties = ["secret", "previousSecret", "secretValue"] as const;

/** Removes the marks from the arguments of the methods, and sets them on their results, even when they fail. */
export function withSecretBoundary<Inputs extends object, Outputs extends object>(
  methods: Lifecycle<Inputs, Outputs>,
): Lifecycle<Inputs, Outputs> {
  const marking = async <Result>(run: Promise<Result> | undefined, ...parts: (keyof Result)[]): Promise<Result> => {
    try {
      const result = (await run) as Result;
      return { ...result, ...Object.fromEntries(parts.map((part) => [part, marked(result[part])])) };
    } catch (error) {
      if (!(error instanceof PartialFailure)) throw error;
      throw new PartialFailure(error.message, error.id, marked(error.properties));
    }
  };
  return {
    check: (olds, news) => methods.check?.(plain(olds), plain(news)) ?? Promise.resolve({ inputs: news }),
    diff: (id, olds, news) => methods.diff?.(id, plain(olds), plain(news)) ?? Promise.resolve({}),
    create: (inputs) => marking(methods.create(plain(inputs)), "outs"),
    read: (id, props) => marking(methods.read?.(id, plain(props)), "props", "inputs"),
    update: (id, olds, news) => marking(methods.update?.(id, plain(olds), plain(news)), "outs"),
    imported: (request) => marking(methods.imported(request), "props", "inputs"),
    planned: async (id, olds, news) => marked(await methods.planned(id, plain(olds), plain(news))),
    delete: async (id, props) => methods.delete?.(id, plain(props)),
  };
}

/** The secret texts in a record. */
export function secretsIn(record: object | undefined): string[] {
  const values = record as Readonly<Record<string, unknown>> | undefined;
  const given = (values?.adopt as { readonly secret?: unknown } | undefined)?.secret;
  return [...secretProperties.map((name) => values?.[name]), given]
    .map(plainSecret)
    .filter((value) => value !== undefined);
}

function plain<Properties extends object | undefined>(properties: Properties): Properties {
  return changed(properties, (value) => plainSecret(value) ?? value);
}

function marked<Properties>(properties: Properties): Properties {
  return changed(withoutGivenSecret(properties), (value) => (typeof value === "string" ? asSecret(value) : value));
}

/** The secret of an adopted key stands in its record as `secret`, like every other. */
function withoutGivenSecret<Properties>(properties: Properties): Properties {
  if (typeof properties !== "object" || properties === null || !("adopt" in properties)) return properties;
  const { adopt } = properties as { readonly adopt?: { readonly keyId?: string } };
  return adopt?.keyId === undefined ? properties : { ...properties, adopt: { keyId: adopt.keyId } };
}

function changed<Properties>(properties: Properties, change: (value: unknown) => unknown): Properties {
  if (typeof properties !== "object" || properties === null) return properties;
  const secrets = secretProperties.filter((name) => name in properties);
  if (secrets.length === 0) return properties;
  const record = properties as Readonly<Record<string, unknown>>;
  return { ...properties, ...Object.fromEntries(secrets.map((name) => [name, change(record[name])])) };
}
