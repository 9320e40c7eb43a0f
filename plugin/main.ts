/** `pulumi-resource-apikeys`: the engine starts it, reads a port from its first line, and talks gRPC to it. */
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { logOfEngine } from "../provider/engine/engine-log";
import { whenEngineEnds } from "../provider/engine/engine-watch";
import { tellWarnings } from "../provider/resources/context";
import { showStatus } from "../provider/engine/run-status";
import { warningsBy } from "./engine-log";
import { handlers } from "./handlers";
import { packageSchema, packageVersion } from "./schema";
import { createService } from "./service";

/** A state may be big, and so may a stack's configuration. */
const largestMessageBytes = 400 * 1024 * 1024;

// Without an address nobody listens: a person has started it, or a debugger.
const engine = process.argv.slice(2).find((argument) => !argument.startsWith("-"));
if (engine !== undefined) {
  const log = logOfEngine(engine);
  tellWarnings(warningsBy(log));
  showStatus((message, passing) => log(message, passing ? "status" : "info"));
}

const server = new Server({ "grpc.max_receive_message_length": largestMessageBytes });
server.addService(
  ResourceProviderService,
  handlers(createService({ version: packageVersion(), schema: () => JSON.stringify(packageSchema()) })),
);
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(String(port));
});
// Nobody is left to tell, and nobody else ends this process.
whenEngineEnds(() => process.exit(1));
