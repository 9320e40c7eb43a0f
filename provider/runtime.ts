/**
 * `pulumi-apikeys/runtime`: the code that the engine's host process runs. A resource's constant `__provider` text names
 * one of these exports, and the host calls its methods.
 */
import type { Config, ConfigureRequest } from "@pulumi/pulumi/dynamic";
import { decisionTime } from "./clock";
import { type Connections, createConnections } from "./connections/connections";
import { askEngine } from "./engine/engine-state";
import { whenEngineEnds } from "./engine/engine-watch";
import { withExplainedErrors } from "./explain";
import { stopSending } from "./http/exchange";
import { createApiKeyProvider } from "./resources/api-key/resource";
import { createContext, type ResourceContext, warn } from "./resources/context";
import { withLookups } from "./resources/identity/imported";
import { createMarking } from "./resources/identity/marking";
import type { Lifecycle } from "./resources/lifecycle";
import { createRotatingApiKeyProvider } from "./resources/rotation/resource";
import { createServiceAccountProvider } from "./resources/service-account/resource";
import { RunProgress, tellStatus } from "./engine/run-status";
import { withSecretBoundary } from "./secret-boundary";

/** Shared by all classes, so that each service is searched only once. */
const marking = createMarking(askEngine, warn, () => decisionTime());

let shared: { readonly by: string; readonly connections: Connections } | undefined;

/** One set of connections for all classes, so that one list serves the keys of each. Another configuration opens others. */
function connectionsBy(config: Config | undefined): Connections {
  const get = (key: string) => config?.get(key);
  const by = JSON.stringify([get("apikeys:connections"), get("apikeys:tokens"), process.env.APIKEYS_CONNECTIONS]);
  if (shared?.by !== by) shared = { by, connections: createConnections({ get }, process.env, { tell: tellStatus }) };
  return shared.connections;
}

const progress = new RunProgress();
let watching = false;

/** Called with the first method: a program that only imports this file keeps its standard input to itself. */
function watch(): void {
  if (watching) return;
  watching = true;
  whenEngineEnds(() => stopSending("the Pulumi engine that asked for it has ended"));
}

/** Builds a resource's provider, and makes the errors of every method fit to print. */
function provide<Inputs extends object, Outputs extends object>(
  resource: string,
  create: (context: ResourceContext) => Lifecycle<Inputs, Outputs>,
): Required<Lifecycle<Inputs, Outputs>> {
  let config: Config | undefined;
  let methods: Lifecycle<Inputs, Outputs> | undefined;
  // Two first calls can race, and the second would not wait for an asynchronous configure.
  const ready = () =>
    (methods ??= withSecretBoundary(withLookups(create(createContext(connectionsBy(config), marking, askEngine)))));
  return {
    configure: (request: ConfigureRequest) => {
      watch();
      config = request.config;
      methods = undefined;
      return Promise.resolve();
    },
    ...withExplainedErrors(resource, ready, progress),
  };
}

export const ServiceAccount = provide("ServiceAccount", createServiceAccountProvider);
export const ApiKey = provide("ApiKey", createApiKeyProvider);
export const RotatingApiKey = provide("RotatingApiKey", createRotatingApiKeyProvider);
