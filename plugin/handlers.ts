import type { sendUnaryData, ServerUnaryCall, UntypedServiceImplementation } from "@grpc/grpc-js";
import { aboutResource } from "./engine-log";
import { failure } from "./failure";
import type { Service } from "./service";

/** The service's methods in gRPC's form; what the service lacks, gRPC answers as unimplemented. */
export function handlers(service: Service): UntypedServiceImplementation {
  const methods = Object.entries(service) as [string, (request: unknown) => unknown][];
  return Object.fromEntries(
    methods.map(([name, method]) => [
      name,
      (call: ServerUnaryCall<unknown, unknown>, answer: sendUnaryData<unknown>) => {
        aboutResource(urnOf(call.request), async () => method(call.request)).then(
          (response) => answer(null, response),
          (error: unknown) => answer(failure(error)),
        );
      },
    ]),
  );
}

function urnOf(request: unknown): string {
  return (request as { getUrn?: () => string }).getUrn?.() ?? "";
}
