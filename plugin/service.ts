/**
 * The plugin face: the engine's calls, handed to the same lifecycle that dynamic resources have. It translates
 * and decides nothing.
 */
import type { ConfigureRequest } from "@pulumi/pulumi/dynamic";
import {
  type CheckRequest,
  type CheckResponse,
  ConfigureResponse,
  type ConfigureRequest as ConfigureCall,
  CreateResponse,
  type CreateRequest,
  type DeleteRequest,
  DiffResponse,
  type DiffRequest,
  GetSchemaResponse,
  ProviderHandshakeResponse,
  ReadResponse,
  type ReadRequest,
  UpdateResponse,
  type UpdateRequest,
} from "@pulumi/pulumi/proto/provider_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { endWaits } from "../provider/http/waiting";
import { logicalName } from "../provider/resources/identity/names";
import { plainText } from "../provider/resource-text";
import * as runtime from "../provider/runtime";
import { withheldOptions } from "../provider/values/withheld-options";
import { withheldWords } from "../sdk/withheld-hash";
import { checked, compared } from "./answers";
import { keepingSecrets } from "./failure";
import { importSecret } from "./import-secret";
import { asImported } from "./imported-inputs";
import { plannedNew } from "./planned-new";
import { type Properties, type Received, received, sent } from "./properties";
import { readUrn, type ResourceUrn } from "./resource-urn";

/** One resource's methods: the classes differ in the types of their inputs alone. */
type Lifecycle = (typeof runtime)["ApiKey"];
/** Its inputs and outputs, as far as this face is concerned. */
type Inputs = Parameters<Lifecycle["create"]>[0];
type Outputs = Parameters<Lifecycle["delete"]>[1];

/** What the engine may ask, by the names of its protocol. */
export interface Service {
  handshake(): ProviderHandshakeResponse;
  getPluginInfo(): PluginInfo;
  getSchema(): GetSchemaResponse;
  checkConfig(request: CheckRequest): CheckResponse;
  diffConfig(request: DiffRequest): DiffResponse;
  configure(request: ConfigureCall): Promise<ConfigureResponse>;
  check(request: CheckRequest): Promise<CheckResponse>;
  diff(request: DiffRequest): Promise<DiffResponse>;
  create(request: CreateRequest): Promise<CreateResponse>;
  read(request: ReadRequest): Promise<ReadResponse>;
  update(request: UpdateRequest): Promise<UpdateResponse>;
  delete(request: DeleteRequest): Promise<Empty>;
  cancel(): Empty;
  attach(): Empty;
}

/** What is told of the package itself. */
interface PackageFacts {
  readonly version: string;
  readonly schema: () => string;
}

/** The organisation in stack paths where nobody says another: that of backends that have none. */
const noOrganization = "organization";

export function createService({ version, schema }: PackageFacts): Service {
  let organization = noOrganization;
  /** Resources that this process has just imported: what their program says is how they are. */
  const importing = new Set<string>();
  const resourceOf = (urn: string) => {
    const about = readUrn(urn, organization);
    return { ...about, methods: runtime[about.className] as unknown as Lifecycle };
  };

  return {
    handshake() {
      const response = new ProviderHandshakeResponse();
      response.setAcceptSecrets(true);
      return response;
    },

    getPluginInfo() {
      const response = new PluginInfo();
      response.setVersion(version);
      return response;
    },

    getSchema() {
      const response = new GetSchemaResponse();
      response.setSchema(schema());
      return response;
    },

    checkConfig(request) {
      const { values, secrets } = received(request.getNews());
      return checked(values, [], new Set([...secrets, "tokens"].filter((name) => values[name] !== undefined)));
    },

    diffConfig() {
      // Another address replaces nothing: every record knows where it was made, and refuses to be taken elsewhere.
      const response = new DiffResponse();
      response.setChanges(DiffResponse.DiffChanges.DIFF_UNKNOWN);
      return response;
    },

    async configure(request) {
      const { values } = received(request.getArgs());
      if (typeof values.organization === "string") organization = values.organization;
      const config = { get: (key: string) => asText(values[key.replace(/^apikeys:/, "")]) };
      for (const { configure } of Object.values(runtime))
        await configure({ config: config as ConfigureRequest["config"] });
      const response = new ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setSupportspreview(true);
      return response;
    },

    async check(request) {
      const { methods, origin } = resourceOf(request.getUrn());
      const olds = received(request.getOlds()).values;
      const news = withheld(received(request.getNews()), origin);
      const { inputs = {}, failures = [] } = await methods.check(
        (Object.keys(olds).length > 0 ? { ...olds, origin } : {}) as Inputs,
        { ...news.values, origin } as Inputs,
      );
      return checked(ofInputs(inputs), failures, news.secrets);
    },

    async diff(request) {
      const { methods, origin } = resourceOf(request.getUrn());
      const record = received(request.getOlds()).values;
      const news = received(request.getNews()).values;
      const inputs = received(request.getOldInputs()).values;
      const olds = importing.delete(request.getUrn()) ? asImported(record, news) : record;
      const answer = await methods.diff(
        request.getId(),
        olds as unknown as Outputs,
        { ...news, origin } as unknown as Inputs,
      );
      return compared(answer, { olds: inputs, news });
    },

    async create(request) {
      const about = resourceOf(request.getUrn());
      const { values, secrets } = received(request.getProperties());
      const inputs = { ...values, origin: about.origin };
      const response = new CreateResponse();
      if (request.getPreview()) response.setProperties(sent(plannedNew(about.className, inputs), secrets));
      else {
        const { id, outs = {} } = await keepingSecrets(secrets, () =>
          about.methods.create(withCode(inputs, about) as unknown as Inputs),
        );
        response.setId(id);
        response.setProperties(sent(withCode(outs, about), secrets));
      }
      return response;
    },

    async read(request) {
      const about = resourceOf(request.getUrn());
      const { values, secrets } = received(request.getProperties());
      const response = new ReadResponse();
      const isImport = Object.keys(values).length === 0;
      const answer = isImport
        ? await about.methods.imported(importOf(request.getId(), about))
        : await about.methods.read(request.getId(), values as unknown as Outputs);
      const { id, props = {}, inputs = {} } = answer;
      // Without an id and a record: there is no such thing.
      if (!id) return response;
      if (isImport) importing.add(request.getUrn());
      response.setId(id);
      response.setProperties(sent(withCode(props, about), secrets));
      response.setInputs(sent(ofInputs(inputs), secrets));
      return response;
    },

    async update(request) {
      const about = resourceOf(request.getUrn());
      const olds = received(request.getOlds()).values as unknown as Outputs;
      const { values, secrets } = received(request.getNews());
      const news = withCode({ ...values, origin: about.origin }, about) as unknown as Inputs;
      const outs = request.getPreview()
        ? await about.methods.planned(request.getId(), olds, news)
        : (await keepingSecrets(secrets, () => about.methods.update(request.getId(), olds, news))).outs;
      const response = new UpdateResponse();
      response.setProperties(sent(withCode(outs ?? {}, about), secrets));
      return response;
    },

    async delete(request) {
      const { methods } = resourceOf(request.getUrn());
      await methods.delete(request.getId(), received(request.getProperties()).values as unknown as Outputs);
      return new Empty();
    },

    cancel() {
      endWaits();
      return new Empty();
    },

    attach: () => new Empty(),
  };
}

function importOf(id: string, { className, origin }: ResourceUrn): Parameters<Lifecycle["imported"]>[0] {
  const secret = className === "ServiceAccount" ? undefined : importSecret();
  return { id, origin, ...(secret === undefined ? {} : { secret }) };
}

/** Of the inputs, what the state keeps: whose they are is told with every call. */
function ofInputs(inputs: object): object {
  const { origin: _origin, __provider: _code, ...rest } = inputs as Properties;
  return rest;
}

/** The record says which code a dynamic resource would run, so that it can become one. */
function withCode(record: object, { className }: Pick<ResourceUrn, "className">): object {
  return { ...record, __provider: plainText(className) };
}

/** What is shown in clear everywhere: the secret text of an emergency is represented by a hash, as in a TypeScript program. */
function withheld({ values, secrets }: Received, origin: string): Received {
  const shown = {
    ...(secrets.has("emergency") && { emergency: withheldWords(values.emergency, logicalName(origin)) }),
    // `check` refuses them in words.
    ...(secrets.has("options") && { options: withheldOptions }),
  };
  return {
    values: { ...values, ...shown },
    secrets: new Set([...secrets].filter((name) => !Object.hasOwn(shown, name))),
  };
}

/** Stack config arrives as text, what a program gives to a provider of its own as values. */
function asText(value: unknown): string | undefined {
  return value === undefined || typeof value === "string" ? value : JSON.stringify(value);
}
