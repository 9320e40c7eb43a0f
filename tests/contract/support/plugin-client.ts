import { credentials, Server, ServerCredentials, type ServiceError } from "@grpc/grpc-js";
import { ResourceProviderClient, ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { handlers } from "../../../plugin/handlers";
import { packageSchema } from "../../../plugin/schema";
import { createService } from "../../../plugin/service";

type Properties = Readonly<Record<string, unknown>>;
type Call<Response> = (request: object, answer: (error: ServiceError | null, response: Response) => void) => unknown;

/** Plays the engine to a plugin that runs in this process, over gRPC. Properties are as they stand on the wire. */
export class PluginClient {
  readonly #server: Server;
  readonly #client: ResourceProviderClient;

  private constructor(server: Server, client: ResourceProviderClient) {
    this.#server = server;
    this.#client = client;
  }

  static async open(config: Properties): Promise<PluginClient> {
    const server = new Server();
    const service = createService({ version: "0.0.0", schema: () => JSON.stringify(packageSchema()) });
    server.addService(ResourceProviderService, handlers(service));
    const port = await new Promise<number>((done, fail) =>
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error ? fail(error) : done(bound),
      ),
    );
    const client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
    const plugin = new PluginClient(server, client);
    await plugin.configure(config);
    return plugin;
  }

  close(): void {
    this.#client.close();
    this.#server.forceShutdown();
  }

  get raw(): ResourceProviderClient {
    return this.#client;
  }

  async configure(config: Properties): Promise<void> {
    const request = new proto.ConfigureRequest();
    request.setArgs(struct(config));
    await this.#ask<proto.ConfigureResponse>("configure", request);
  }

  async schema(): Promise<{ version: string; resources: Record<string, unknown> }> {
    const answer = await this.#ask<proto.GetSchemaResponse>("getSchema", new proto.GetSchemaRequest());
    return JSON.parse(answer.getSchema()) as { version: string; resources: Record<string, unknown> };
  }

  async check(urn: string, news: Properties, olds: Properties = {}) {
    const request = new proto.CheckRequest();
    request.setUrn(urn);
    request.setOlds(struct(olds));
    request.setNews(struct(news));
    const answer = await this.#ask<proto.CheckResponse>("check", request);
    return {
      inputs: properties(answer.getInputs()),
      failures: answer.getFailuresList().map((failure) => `${failure.getProperty()}: ${failure.getReason()}`),
    };
  }

  async diff(urn: string, entry: Entry, news: Properties) {
    const request = new proto.DiffRequest();
    request.setUrn(urn);
    request.setId(entry.id);
    request.setOlds(struct(entry.outs));
    request.setOldInputs(struct(entry.inputs));
    request.setNews(struct(news));
    const answer = await this.#ask<proto.DiffResponse>("diff", request);
    return {
      changes: answer.getChanges(),
      replaces: answer.getReplacesList(),
      paths: answer
        .getDetaileddiffMap()
        .getEntryList()
        .map(([path]) => path)
        .sort(),
    };
  }

  async create(urn: string, inputs: Properties, preview = false): Promise<Entry> {
    const request = new proto.CreateRequest();
    request.setUrn(urn);
    request.setProperties(struct(inputs));
    request.setPreview(preview);
    const answer = await this.#ask<proto.CreateResponse>("create", request);
    return { id: answer.getId(), inputs, outs: properties(answer.getProperties()) };
  }

  async read(urn: string, entry: Entry): Promise<Entry> {
    const request = new proto.ReadRequest();
    request.setUrn(urn);
    request.setId(entry.id);
    request.setProperties(struct(entry.outs));
    request.setInputs(struct(entry.inputs));
    const answer = await this.#ask<proto.ReadResponse>("read", request);
    return { id: answer.getId(), inputs: properties(answer.getInputs()), outs: properties(answer.getProperties()) };
  }

  async update(urn: string, entry: Entry, news: Properties, preview = false): Promise<Entry> {
    const request = new proto.UpdateRequest();
    request.setUrn(urn);
    request.setId(entry.id);
    request.setOlds(struct(entry.outs));
    request.setOldInputs(struct(entry.inputs));
    request.setNews(struct(news));
    request.setPreview(preview);
    const answer = await this.#ask<proto.UpdateResponse>("update", request);
    return { id: entry.id, inputs: news, outs: properties(answer.getProperties()) };
  }

  async delete(urn: string, entry: Entry): Promise<void> {
    const request = new proto.DeleteRequest();
    request.setUrn(urn);
    request.setId(entry.id);
    request.setProperties(struct(entry.outs));
    await this.#ask("delete", request);
  }

  #ask<Response>(method: string, request: object): Promise<Response> {
    const call = (this.#client as unknown as Readonly<Record<string, Call<Response>>>)[method];
    return new Promise((done, fail) =>
      call?.bind(this.#client)(request, (error, response) => (error ? fail(error) : done(response))),
    );
  }
}

/** What the engine keeps of a resource. */
export interface Entry {
  readonly id: string;
  readonly inputs: Properties;
  readonly outs: Properties;
}

function struct(value: Properties): Struct {
  return Struct.fromJavaScript(value as Parameters<typeof Struct.fromJavaScript>[0]);
}

function properties(value: Struct | undefined): Properties {
  return value?.toJavaScript() ?? {};
}
