import { Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { type LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { logOfEngine } from "../../provider/engine/engine-log";

const engine = new Server();
let address: string;
let heard: (request: LogRequest) => void = () => undefined;

beforeAll(async () => {
  const log = (call: ServerUnaryCall<LogRequest, Empty>, done: sendUnaryData<Empty>) => {
    heard(call.request);
    done(null, new Empty());
  };
  engine.addService(EngineService, { log });
  const port = await new Promise<number>((resolve, reject) => {
    engine.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  address = `127.0.0.1:${port}`;
});
afterAll(() => engine.forceShutdown());

test.each([
  ["warning", { severity: LogSeverity.WARNING, ephemeral: false }],
  ["info", { severity: LogSeverity.INFO, ephemeral: false }],
  ["status", { severity: LogSeverity.INFO, ephemeral: true }],
] as const)(
  "a message of the kind %s reaches the engine as such, for the resource that it is about",
  async (kind, as) => {
    const request = await new Promise<LogRequest>((resolve) => {
      heard = resolve;
      logOfEngine(address)("120 created", kind, "urn:pulumi:dev::shop::apikeys:index:ApiKey::ci");
    });
    expect({ severity: request.getSeverity(), ephemeral: request.getEphemeral() }).toEqual(as);
    expect([request.getMessage(), request.getUrn()]).toEqual([
      "120 created",
      "urn:pulumi:dev::shop::apikeys:index:ApiKey::ci",
    ]);
  },
);
