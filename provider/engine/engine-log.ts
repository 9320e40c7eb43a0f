/** Shows messages through the engine, which does not show what a plugin prints, and needs to know which ones are temporary. */
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb";

/** How a message is shown. `status`: only temporarily, in the status line of the run. */
export type Severity = "warning" | "info" | "status";

/** Shows a message. `urn`: the resource that it is about. Left out: the run. */
export type EngineLog = (message: string, severity: Severity, urn?: string) => void;

/** Shows messages through the engine at this address. Loads its modules with the first message. */
export function logOfEngine(address: string): EngineLog {
  let send: ((request: LogRequest, done: (error: unknown) => void) => void) | undefined;
  return (message, severity, urn = "") => {
    const { LogRequest: Request, LogSeverity } =
      /* eslint-disable-next-line @typescript-eslint/no-require-imports -- most runs tell nothing, and need not load it */
      require("@pulumi/pulumi/proto/engine_pb") as typeof import("@pulumi/pulumi/proto/engine_pb");
    send ??= connect(address);
    const request = new Request();
    request.setSeverity(severity === "warning" ? LogSeverity.WARNING : LogSeverity.INFO);
    request.setMessage(message);
    request.setUrn(urn);
    request.setEphemeral(severity === "status");
    send(request, (error) => {
      // If the engine does not listen, the words go into its log of the plugin.
      if (error && severity !== "status") console.error(`${severity}: ${message}`);
    });
  };
}

function connect(address: string): (request: LogRequest, done: (error: unknown) => void) => void {
  /* eslint-disable @typescript-eslint/no-require-imports -- most runs tell nothing, and need not load it */
  const { credentials } = require("@grpc/grpc-js") as typeof import("@grpc/grpc-js");
  const { EngineClient } =
    require("@pulumi/pulumi/proto/engine_grpc_pb") as typeof import("@pulumi/pulumi/proto/engine_grpc_pb");
  /* eslint-enable @typescript-eslint/no-require-imports */
  const engine = new EngineClient(address, credentials.createInsecure());
  return (request, done) => void engine.log(request, done);
}

/**
 * The address of the engine that runs this process as the host of dynamic providers; undefined in any other process. The
 * host's program is `…/cmd/dynamic-provider`, and its first argument the address.
 */
export function engineOfHost([, program = "", address = ""]: readonly string[] = process.argv): string | undefined {
  const isHost = /[\\/]dynamic-provider(?:[\\/]index\.js)?$/.test(program);
  return isHost && /^[\w.[\]:-]+:\d{1,5}$/.test(address) ? address : undefined;
}
