/** Datadog's conventions: everything is in `data`, and lists come in numbered pages. */
import { z } from "zod";
import { ResponseShapeError } from "../../errors";
import type { HttpClient } from "../../http/request";
import { parseAnswer } from "../parse-answer";

/** By the connection's names for them. */
export const keyKinds = {
  "access-tokens": { path: "/access_tokens", type: "service_access_tokens" },
  "application-keys": { path: "/application_keys", type: "application_keys" },
} as const;

const pageSize = 100;
/** More pages than any organization has: a longer list is an error. */
const mostPages = 1_000;

export interface DatadogApi {
  get<Schema extends z.ZodType>(at: string, schema: Schema): Promise<z.infer<Schema> | undefined>;
  /** Undefined if there is no such list. */
  list<Schema extends z.ZodType>(at: string, schema: Schema): Promise<z.infer<Schema>[] | undefined>;
  send<Schema extends z.ZodType>(
    method: "POST" | "PATCH",
    at: string,
    data: unknown,
    schema: Schema,
  ): Promise<z.infer<Schema>>;
  /** False if it does not exist. */
  remove(at: string): Promise<boolean>;
}

export function datadogApi(http: HttpClient): DatadogApi {
  return {
    async get(at, schema) {
      const { absent, body } = await http.request({ method: "GET", path: at, absent: [404] });
      return absent ? undefined : parseAnswer("GET", at, schema, dataOf("GET", at, body));
    },
    async list<Schema extends z.ZodType>(at: string, schema: Schema) {
      const pageSchema = z.object({ data: z.array(schema) });
      const found: z.infer<Schema>[] = [];
      for (let page = 0; page < mostPages; page += 1) {
        const query = { "page[size]": pageSize, "page[number]": page };
        const { absent, body } = await http.request({ method: "GET", path: at, query, absent: [404] });
        if (absent) return undefined;
        const { data } = parseAnswer("GET", at, pageSchema, body);
        found.push(...data);
        if (data.length < pageSize) return found;
      }
      throw new ResponseShapeError(`GET ${at} never comes to its last page. Check the service's version.`);
    },
    async send(method, at, data, schema) {
      const { body } = await http.request({ method, path: at, json: { data }, idempotent: method === "PATCH" });
      return parseAnswer(method, at, schema, dataOf(method, at, body));
    },
    async remove(at) {
      const { absent } = await http.request({ method: "DELETE", path: at, absent: [404] });
      return !absent;
    },
  };
}

function dataOf(method: string, at: string, body: unknown): unknown {
  return parseAnswer(method, at, z.object({ data: z.looseObject({}) }), body).data;
}
