import { Metadata, type ServerErrorResponse, status as code } from "@grpc/grpc-js";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { sent } from "./properties";

/** Which properties of a record are secret, for the errors that bring one along. */
const secretsOf = new WeakMap<object, ReadonlySet<string>>();

/** What the operation throws is told with these of its properties secret. */
export async function keepingSecrets<Result>(
  secrets: ReadonlySet<string>,
  run: () => Promise<Result>,
): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    if (typeof error === "object" && error !== null) secretsOf.set(error, secrets);
    throw error;
  }
}

/** An error as the engine reads it; one that says what exists in spite of it is kept in the state with its reasons. */
export function failure(error: unknown): Partial<ServerErrorResponse> {
  const { message, id, properties, reasons } = error as Partial<Error> & {
    readonly id?: unknown;
    readonly properties?: object;
    readonly reasons?: string[];
  };
  const secrets = secretsOf.get(error as object);
  const words = message ?? String(error);
  if (typeof id !== "string") return { code: code.UNKNOWN, details: words };
  const kept = new ErrorResourceInitFailed();
  kept.setId(id);
  kept.setProperties(sent(properties ?? {}, secrets));
  kept.setReasonsList(reasons ?? [words]);
  const detail = new Any();
  detail.pack(kept.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const told = new Status();
  told.setCode(code.UNKNOWN);
  told.setMessage(words);
  told.addDetails(detail);
  const metadata = new Metadata();
  // Where gRPC looks for the details of an error.
  metadata.add("grpc-status-details-bin", Buffer.from(told.serializeBinary()));
  return { code: code.UNKNOWN, details: words, metadata };
}
