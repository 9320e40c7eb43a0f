/** Mocks for unit tests of programs: they check and answer as the provider does, without an engine or a service. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { runtime } from "@pulumi/pulumi";
import { runtime as pulumi } from "@pulumi/pulumi";
import { parse } from "yaml";
import { loadBackend } from "../provider/connections/backend-loading";
import type { Backend } from "../provider/backends/definition";
import { decisionTime } from "../provider/clock";
import { createConnections } from "../provider/connections/connections";
import { realClock } from "../provider/http/waiting";
import { createApiKeyProvider } from "../provider/resources/api-key/resource";
import type { ResourceContext } from "../provider/resources/context";
import type { Lifecycle } from "../provider/resources/lifecycle";
import { plainMarking } from "../provider/resources/identity/marking";
import { createRotatingApiKeyProvider } from "../provider/resources/rotation/resource";
import { createServiceAccountProvider } from "../provider/resources/service-account/resource";
import { withSecretBoundary } from "../provider/secret-boundary";
import { MockService } from "./mock-service";

/** Options of {@link apikeysMocks}. */
export interface ApikeysMocksOptions {
  /**
   * The connections, as the stack's config has them under `apikeys:connections`. No credential is read.
   *
   * @default those of `pulumi.runtime.setConfig`, else those of the project file in `programDir`
   */
  readonly connections?: Readonly<Record<string, object>>;
  /**
   * Where `Pulumi.yaml` and the files of your own backends are.
   *
   * @default the working directory
   */
  readonly programDir?: string;
  /** Milliseconds since 1970: when keys are made. Default: now. */
  readonly nowMs?: () => number;
  /**
   * Called with what a preview would refuse: the resource, the field and why. The resource then has its inputs as outputs.
   *
   * @default throws it, so that the resource's outputs fail, and the test with them
   */
  readonly refused?: (message: string) => void;
  /**
   * Mocks for all other resources, and for calls. Default: a resource has its inputs as outputs, and the id
   * `<name>-id`.
   */
  readonly others?: Partial<runtime.Mocks>;
}

const creators = {
  ServiceAccount: createServiceAccountProvider,
  ApiKey: createApiKeyProvider,
  RotatingApiKey: createRotatingApiKeyProvider,
} as const;

/**
 * Mocks for `pulumi.runtime.setMocks`. Our resources are checked as a preview checks them, so that a mistyped scope
 * fails the test, and get the outputs of a first `pulumi up`: ids, names, expiries, and secrets that open nothing.
 * Nothing is sent.
 *
 * @throws Error - from the constructor's outputs: what a preview would refuse, with the resource and the field.
 */
export function apikeysMocks(options: ApikeysMocksOptions = {}): runtime.Mocks {
  const { others = {} } = options;
  const service = new MockService(options.nowMs ?? (() => decisionTime()));
  const context = contextOf(options, service);
  const refused = options.refused ?? fail;
  return {
    newResource: (args) => {
      const [, kind] = /^(?:pulumi-nodejs:dynamic\/apikeys|apikeys:index):(\w+)$/.exec(args.type) ?? [];
      if (kind !== undefined && Object.hasOwn(creators, kind))
        return make(args, { kind: kind as keyof typeof creators, context, refused });
      return others.newResource?.(args) ?? { id: `${args.name}-id`, state: args.inputs as object };
    },
    call: (args) => others.call?.(args) ?? (args.inputs as object),
  };
}

interface Making {
  readonly kind: keyof typeof creators;
  readonly context: ResourceContext;
  readonly refused: (message: string) => void;
}

async function make(
  { name, inputs, id: foundId }: runtime.MockResourceArgs,
  { kind, context, refused }: Making,
): Promise<runtime.MockResourceResult> {
  // A `get`: the program says nothing about the resource.
  if (foundId) return { id: foundId, state: { ...(inputs as object), status: "active", physicalName: name } };
  const provider = withSecretBoundary(creators[kind](context) as unknown as Lifecycle<object, object>);
  // The plugin learns from the engine which resource it is; a mock has no engine.
  const checked = await provider.check?.({}, { origin: `organization/project/stack/${name}`, ...(inputs as object) });
  const failures = checked?.failures ?? [];
  if (failures.length > 0) {
    refused(`${kind} "${name}": ${failures.map(({ reason }) => reason).join("; ")}`);
    return { id: `${name}-id`, state: inputs as object };
  }
  const { id, outs } = await provider.create(checked?.inputs ?? {});
  return { id, state: { ...outs } };
}

function fail(message: string): never {
  throw new Error(message);
}

function contextOf(
  { connections, programDir = process.cwd(), nowMs }: ApikeysMocksOptions,
  service: MockService,
): ResourceContext {
  const configured = () => connections ?? connectionsSet() ?? connectionsOfProject(programDir) ?? {};
  const get = (key: string) =>
    key === "apikeys:connections" ? JSON.stringify(withCredentials(configured())) : undefined;
  const load: typeof loadBackend = (...place) => mocked(loadBackend(...place), service);
  return {
    connections: createConnections({ get }, {}, { programDir, load }),
    nowMs: nowMs ?? (() => decisionTime()),
    warn: () => undefined,
    clock: realClock,
    marking: plainMarking,
  };
}

/** The backend with everything that it knows, but without its requests. */
function mocked(
  { authenticate: _authenticate, undocumentedWrites: _consent, ...backend }: Backend,
  service: MockService,
): Backend {
  return { ...backend, connect: () => service.client() };
}

function connectionsSet(): Readonly<Record<string, object>> | undefined {
  const text = pulumi.getConfig("apikeys:connections");
  return text === undefined ? undefined : (JSON.parse(text) as Record<string, object>);
}

/** `config: apikeys:connections: value: …` of the project file. */
function connectionsOfProject(programDir: string): Readonly<Record<string, object>> | undefined {
  const file = ["Pulumi.yaml", "Pulumi.yml"].map((name) => join(programDir, name)).find(existsSync);
  if (file === undefined) return undefined;
  const { config } = (parse(readFileSync(file, "utf8")) ?? {}) as { readonly config?: Record<string, unknown> };
  const entry = config?.["apikeys:connections"] as { readonly value?: Record<string, object> } | undefined;
  return entry?.value ?? entry;
}

/** A test needs no credential, but a connection without one would be refused. */
function withCredentials(connections: Readonly<Record<string, object>>): Record<string, object> {
  const named = ["tokenEnv", "tokenFile", "tokenCommand"];
  return Object.fromEntries(
    Object.entries(connections).map(([name, fields]) => [
      name,
      named.some((field) => field in fields) ? fields : { ...fields, tokenEnv: "APIKEYS_MOCK_TOKEN" },
    ]),
  );
}
