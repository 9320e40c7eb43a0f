/**
 * Where secrets enter and leave. Inside, a secret is plain text; every record that leaves carries it in the engine's
 * encrypted form. The engine drops the secret marks on the way in, so a mark that is not set on the way out is lost.
 */
import type { ResourceProvider } from "@pulumi/pulumi/dynamic";
import { PartialFailure } from "./resources/partial-failure";
import { asSecret, plainSecret } from "./wire";

/** The properties of all resources that the state encrypts. */
export const secretProperties = ["secret", "previousSecret", "secretValue"] as const;

/** Removes the marks from the arguments of the methods, and sets them on their results, even when they fail. */
export function withSecretBoundary<Inputs extends object, Outputs extends object>(
  methods: ResourceProvider<Inputs, Outputs>,
): ResourceProvider<Inputs, Outputs> {
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
    delete: async (id, props) => methods.delete?.(id, plain(props)),
  };
}

/** The secret texts in a record. */
export function secretsIn(record: object | undefined): string[] {
  return secretProperties
    .map((name) => plainSecret((record as Readonly<Record<string, unknown>> | undefined)?.[name]))
    .filter((value) => value !== undefined);
}

function plain<Properties extends object | undefined>(properties: Properties): Properties {
  return changed(properties, (value) => plainSecret(value) ?? value);
}

function marked<Properties>(properties: Properties): Properties {
  return changed(properties, (value) => (typeof value === "string" ? asSecret(value) : value));
}

function changed<Properties>(properties: Properties, change: (value: unknown) => unknown): Properties {
  if (typeof properties !== "object" || properties === null) return properties;
  const secrets = secretProperties.filter((name) => name in properties);
  if (secrets.length === 0) return properties;
  const record = properties as Readonly<Record<string, unknown>>;
  return { ...properties, ...Object.fromEntries(secrets.map((name) => [name, change(record[name])])) };
}
