/** The service accounts of one top-level group. */
import { z } from "zod";
import { NotFoundError } from "../../errors";
import { type HttpClient, path } from "../../http/request";
import type { BackendClient, ServiceAccount } from "../definition";
import { parseAnswer } from "../parse-answer";
import { pagesOf } from "./pages";

const accountSchema = z.object({ id: z.number().int().positive(), name: z.string() });

type AccountMethods = Pick<
  BackendClient,
  "createServiceAccount" | "getServiceAccount" | "listServiceAccounts" | "updateServiceAccount" | "deleteServiceAccount"
>;

export class GitlabAccounts {
  readonly #http: HttpClient;
  readonly #at: string;

  constructor(http: HttpClient, group: string) {
    this.#http = http;
    this.#at = path`/groups/${group}/service_accounts`;
  }

  tokensOf(account: string): string {
    return this.#at + path`/${account}/personal_access_tokens`;
  }

  methods(): AccountMethods {
    return {
      createServiceAccount: async ({ name }) => {
        const { body } = await this.#http.request({ method: "POST", path: this.#at, json: { name } });
        return toAccount(parseAnswer("POST", this.#at, accountSchema, body));
      },
      getServiceAccount: async (id) => (await this.#all()).find((account) => account.id === id),
      listServiceAccounts: async ({ name }) =>
        (await this.#all()).filter((account) => name === undefined || account.name === name),
      updateServiceAccount: async (id, { name }) => {
        const at = this.#at + path`/${id}`;
        const { body } = await this.#http.request({ method: "PATCH", path: at, json: { name }, idempotent: true });
        return toAccount(parseAnswer("PATCH", at, accountSchema, body));
      },
      deleteServiceAccount: async (id) => {
        const at = this.#at + path`/${id}`;
        return (await this.#http.request({ method: "DELETE", path: at, absent: [404] })).absent ? "absent" : "deleted";
      },
    };
  }

  /** Without the group no account is proven gone. */
  async #all(): Promise<ServiceAccount[]> {
    const found = await pagesOf(this.#http, this.#at, accountSchema);
    if (found) return found.map(toAccount);
    const facts = { status: 404, method: "GET", path: this.#at, detail: "there is no such group" };
    throw new NotFoundError(facts, 'Check the connection\'s "group" and url, and that the credential sees the group.');
  }
}

function toAccount({ id, name }: z.infer<typeof accountSchema>): ServiceAccount {
  return { id: String(id), name, status: "active" };
}
