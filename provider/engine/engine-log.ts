/** Tells the user something through the engine: what a plugin prints is not shown, and what passes has to be marked. */
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb";

/** How a message is shown. `status`: in the status line of the run, for the moment only. */
export type Severity = "warning" | "info" | "status";

/** Tells a message; `urn`: the resource that it is about. Left out: the run. */
export type EngineLog = (message: string, severity: Severity, urn?: string) => void;

/** Tells messages by the engine at this address. What it needs is loaded with the first one. */
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
      // An engine that does not listen has the words in its log of the plugin.
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
