/** The steps that every call of a backend's client takes on its way to the service and back. Only this file wraps the methods. */
import { clientMethods } from "../backends/check-client";
import { type BackendClient, type ReadingClient, readingMethods } from "../backends/definition";

export type MethodName = keyof BackendClient;

/** One call of a method, as the lifecycle makes it. */
export interface ClientCall {
  readonly method: MethodName;
  readonly args: readonly unknown[];
}

/** One step of every call: `next` calls the next step, and at the end the backend. */
export type Step = (call: ClientCall, next: () => Promise<unknown>) => Promise<unknown>;

type Methods = Readonly<Partial<Record<MethodName, unknown>>>;

/** The client whose calls take these steps, the first one outermost. */
export function withSteps(client: BackendClient, steps: readonly Step[]): BackendClient {
  const methods: Methods = client;
  return clientWith(clientMethods, (method) => {
    const run = methods[method];
    if (typeof run !== "function") return undefined;
    return (...args: readonly unknown[]) => {
      const inner = async () => (run as (...args: unknown[]) => unknown).apply(client, [...args]);
      return steps.reduceRight<() => Promise<unknown>>((next, step) => () => step({ method, args }, next), inner)();
    };
  });
}

/** The client without the methods that change something. */
export function readingPart(client: BackendClient): ReadingClient {
  const methods: Methods = client;
  return clientWith(readingMethods, (method) => methods[method]);
}

function clientWith(names: readonly MethodName[], methodOf: (name: MethodName) => unknown): BackendClient {
  const methods = names.map((name) => [name, methodOf(name)] as const);
  return Object.fromEntries(methods.filter(([, method]) => method !== undefined)) as unknown as BackendClient;
}
