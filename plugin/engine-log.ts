/** What the user is told while a resource is worked on: the engine shows nothing that a plugin prints. */
import { AsyncLocalStorage } from "node:async_hooks";
import { credentials } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

const urns = new AsyncLocalStorage<string>();

/** Whatever is told meanwhile is about this resource. */
export function aboutResource<Result>(urn: string, run: () => Promise<Result>): Promise<Result> {
  return urns.run(urn, run);
}

/** Tells warnings by the engine at this address. */
export function warningsBy(address: string): (message: string) => void {
  const engine = new EngineClient(address, credentials.createInsecure());
  return (message) => {
    const request = new LogRequest();
    request.setSeverity(LogSeverity.WARNING);
    request.setMessage(message);
    request.setUrn(urns.getStore() ?? "");
    engine.log(request, (error) => {
      // An engine that does not listen has the words in its log of the plugin.
      if (error) console.error(`warning: ${message}`);
    });
  };
}
