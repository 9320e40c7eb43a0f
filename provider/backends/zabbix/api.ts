/** Zabbix's JSON-RPC: one URL, and a 200 whose words say what happened to the call. */
import { z } from "zod";
import { ApiError } from "../../errors";
import type { HttpClient } from "../../http/request";
import { errorForStatus } from "../../http/status";
import { parseAnswer } from "../parse-answer";

const at = "/api_jsonrpc.php";

const errorSchema = z.object({ code: z.number(), message: z.string(), data: z.string().default("") });
const answerSchema = z.object({
  jsonrpc: z.literal("2.0"),
  result: z.unknown().optional(),
  error: errorSchema.optional(),
});

/** The meaning of Zabbix's words, as the status that another service would send. */
const meanings: readonly (readonly [RegExp, number])[] = [
  [/^(Session terminated|Not authori[sz]ed|API token expired)/, 401],
  // The words do not say whether it does not exist or may not be seen.
  [/^(No permissions|You do not have permissions?)\b/, 403],
  [/ already exists\b/, 409],
];

interface Call {
  readonly method: string;
  readonly params: object;
  readonly idempotent: boolean;
  readonly secrets?: readonly string[];
  /** The caller's credential, if it is not the connection's own. */
  readonly credential?: string;
}

export class ZabbixApi {
  readonly #http: HttpClient;
  readonly #token: () => Promise<string>;
  #usesHeader: Promise<boolean> | undefined;
  #superAdmin: Promise<void> | undefined;

  constructor(http: HttpClient, token: () => Promise<string>) {
    this.#http = http;
    this.#token = token;
  }

  read<Schema extends z.ZodType>(method: string, params: object, schema: Schema): Promise<z.infer<Schema>> {
    return this.#parsed({ method, params, idempotent: true }, schema);
  }

  /** Makes a change that may be repeated with the same effect. */
  async change(method: string, params: object): Promise<void> {
    await this.#parsed({ method, params, idempotent: true }, z.unknown());
  }

  write<Schema extends z.ZodType>(
    method: string,
    params: object,
    schema: Schema,
    secrets: readonly string[] = [],
  ): Promise<z.infer<Schema>> {
    return this.#parsed({ method, params, idempotent: false, secrets }, schema);
  }

  /** True if the service accepts this token. */
  async accepts(secret: string): Promise<boolean> {
    try {
      await this.#parsed(
        {
          method: "user.get",
          params: { output: ["userid"], limit: 1 },
          idempotent: true,
          secrets: [secret],
          credential: secret,
        },
        z.array(z.unknown()),
      );
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return false;
      // Known, but not allowed to make that call.
      if (error instanceof ApiError && error.status === 403) return true;
      throw error;
    }
  }

  /** Undefined if the credential sees everything: then a thing that it does not see does not exist. */
  async seesAll(): Promise<undefined> {
    // Zabbix lets only a Super admin read this.
    this.#superAdmin ??= this.change("authentication.get", { output: ["authentication_type"] });
    try {
      await this.#superAdmin;
    } catch (error) {
      this.#superAdmin = undefined;
      throw error;
    }
  }

  refusal(method: string, data: string): never {
    throw errorForStatus({ status: 404, method: "POST", path: `${at} (${method})`, detail: data });
  }

  async #parsed<Schema extends z.ZodType>(call: Call, schema: Schema): Promise<z.infer<Schema>> {
    const place = `${at} (${call.method})`;
    const { result, error } = parseAnswer("POST", place, answerSchema, await this.#send(call));
    if (error) throw errorOf(place, error);
    return parseAnswer("POST", place, schema, result);
  }

  async #send({ method, params, idempotent, secrets = [], credential }: Call): Promise<unknown> {
    const token = credential ?? (await this.#token());
    const call = { jsonrpc: "2.0", id: 1, method, params };
    const header = await this.#header();
    const { body } = await this.#http.request({
      method: "POST",
      path: at,
      json: header ? call : { ...call, auth: token },
      ...(header && { headers: { authorization: `Bearer ${token}` } }),
      authenticated: false,
      idempotent,
      secrets: [token, ...secrets],
    });
    return body;
  }

  /** True from 6.4 on, where the credential has its own header. */
  async #header(): Promise<boolean> {
    this.#usesHeader ??= this.#readVersion();
    try {
      return await this.#usesHeader;
    } catch (error) {
      this.#usesHeader = undefined;
      throw error;
    }
  }

  async #readVersion(): Promise<boolean> {
    const json = { jsonrpc: "2.0", id: 1, method: "apiinfo.version", params: {} };
    const { body } = await this.#http.request({
      method: "POST",
      path: at,
      json,
      authenticated: false,
      idempotent: true,
    });
    const place = `${at} (apiinfo.version)`;
    const { result } = parseAnswer("POST", place, answerSchema, body);
    const [major = 0, minor = 0] = parseAnswer("POST", place, z.string(), result).split(".").map(Number);
    return major > 6 || (major === 6 && minor >= 4);
  }
}

function errorOf(path: string, { code, message, data }: z.infer<typeof errorSchema>): ApiError {
  const words = data === "" ? message : data;
  // Wrong parameters and refusals of the application; everything else is the service's own failure.
  const own = code === -32602 || code === -32500 || code === -32601 ? 400 : 500;
  const status = meanings.find(([pattern]) => pattern.test(words))?.[1] ?? own;
  return errorForStatus({ status, method: "POST", path, detail: words });
}
