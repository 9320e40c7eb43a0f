/** Requests to Keystone, and how it says that something does not exist. */
import { z } from "zod";
import { type HttpClient, type HttpMethod, type HttpRequest, path } from "../../http/request";
import { parseAnswer } from "../parse-answer";
import { unlessGone } from "../unless-gone";

/** The value of `managed_by` on a user whose password is ours to change. */
export const managedBy = "pulumi-apikeys";

const userSchema = z.object({
  id: z.string().min(1),
  name: z.string(),
  enabled: z.boolean(),
  description: z.string().nullish(),
  default_project_id: z.string().nullish(),
  managed_by: z.string().nullish(),
});
export type User = z.infer<typeof userSchema>;
export const foundUser = z.object({ user: userSchema });
export const foundUsers = z.object({ users: z.array(userSchema) });

export function userAt(id: string): string {
  return path`/users/${id}`;
}

export class KeystoneApi {
  constructor(readonly http: HttpClient) {}

  async ask<Schema extends z.ZodType>(
    method: HttpMethod,
    at: string,
    schema: Schema,
    extra: Pick<HttpRequest, "json" | "query" | "secrets"> = {},
  ): Promise<z.infer<Schema>> {
    const { body } = await this.http.request({ method, path: at, idempotent: method !== "POST", ...extra });
    return parseAnswer(method, at, schema, body);
  }

  /** Undefined if it does not exist. */
  find<Schema extends z.ZodType>(
    at: string,
    schema: Schema,
    query?: HttpRequest["query"],
  ): Promise<z.infer<Schema> | undefined> {
    return this.#unlessGone(() => this.ask("GET", at, schema, query && { query }));
  }

  /** False if it does not exist. */
  async remove(at: string): Promise<boolean> {
    return (await this.#unlessGone(() => this.http.request({ method: "DELETE", path: at }))) !== undefined;
  }

  #unlessGone<Result>(run: () => Promise<Result>): Promise<Result | undefined> {
    return unlessGone(run, /^Could not find /, "Check that the connection's url is that of Keystone and ends in /v3.");
  }
}
