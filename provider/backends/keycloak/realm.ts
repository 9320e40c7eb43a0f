/** One realm of Keycloak: its requests, its client scopes, and its policy on secrets. */
import { z } from "zod";
import { secondMs } from "../../values/durations";
import { InputError, ResponseShapeError, wordsOf } from "../../errors";
import { type HttpClient, path } from "../../http/request";
import { nearestWord } from "../../scopes";
import { parseAnswer } from "../parse-answer";
import { unlessGone } from "../unless-gone";
import { addedScope, type Client, type ClientChange, clientSchema } from "./client";

const scopesSchema = z.array(z.object({ id: z.string().min(1), name: z.string(), protocol: z.string().nullish() }));
const executorSchema = z.object({
  executor: z.string(),
  configuration: z.record(z.string(), z.unknown()).nullish(),
});
const policySchema = z.object({ profiles: z.array(z.object({ executors: z.array(executorSchema).nullish() })) });

export class Realm {
  readonly #at: string;
  readonly clientsAt: string;
  readonly tokensAt: string;

  constructor(
    readonly http: HttpClient,
    readonly name: string,
  ) {
    this.#at = path`/admin/realms/${name}`;
    this.clientsAt = `${this.#at}/clients`;
    this.tokensAt = path`/realms/${name}/protocol/openid-connect/token`;
  }

  async read<Schema extends z.ZodType>(
    at: string,
    schema: Schema,
    query: Readonly<Record<string, string | undefined>> = {},
  ): Promise<z.infer<Schema>> {
    return parseAnswer("GET", at, schema, (await this.http.request({ method: "GET", path: at, query })).body);
  }

  clientAt(id: string): string {
    return this.clientsAt + path`/${id}`;
  }

  readClient(id: string): Promise<Client> {
    return this.read(this.clientAt(id), clientSchema);
  }

  /** Reads the client after a successful change. A failure here must not look as if nothing had changed. */
  async readAfterChange(id: string): Promise<Client> {
    try {
      return await this.readClient(id);
    } catch (error) {
      throw new ResponseShapeError(
        `the change of the client ${id} was made, but it could not be read afterwards. ${wordsOf(error)}`,
      );
    }
  }

  findClient(id: string): Promise<Client | undefined> {
    return this.#unlessGone(() => this.readClient(id));
  }

  async changeClient(id: string, change: ClientChange): Promise<void> {
    await this.http.request({
      method: "PUT",
      path: this.clientAt(id),
      json: change,
      secrets: change.secret === undefined ? [] : [change.secret],
    });
  }

  /** False if it does not exist. */
  async remove(at: string): Promise<boolean> {
    return (await this.#unlessGone(() => this.http.request({ method: "DELETE", path: at }))) !== undefined;
  }

  /** The longest grace that a rotation policy of the realm gives an old secret. */
  async graceOfPolicyMs(): Promise<number> {
    const { profiles } = await this.read(`${this.#at}/client-policies/profiles`, policySchema);
    const rotations = profiles
      .flatMap(({ executors }) => executors ?? [])
      .filter((rule) => rule.executor === "secret-rotation");
    const seconds = rotations.map(({ configuration }) => Number(configuration?.["rotated-expiration-period"]) || 0);
    return Math.max(0, ...seconds) * secondMs;
  }

  /** Gives the client these default scopes and no optional ones, which any caller could request. */
  async giveScopes(id: string, names: readonly string[]): Promise<void> {
    const known = await this.#readScopes();
    const missing = names.filter((name) => !known.some((scope) => scope.name === name));
    if (missing.length > 0) throw await this.unknownScopes(missing);
    const [defaultsAt, optionalAt] = [
      `${this.clientAt(id)}/default-client-scopes`,
      `${this.clientAt(id)}/optional-client-scopes`,
    ];
    // Remove the optional ones first: Keycloak silently refuses to make an optional scope a default one.
    for (const scope of await this.read(optionalAt, scopesSchema)) await this.remove(optionalAt + path`/${scope.id}`);
    const held = await this.read(defaultsAt, scopesSchema);
    for (const scope of known) {
      const [has, wants] = [held.some((other) => other.id === scope.id), names.includes(scope.name)];
      if (wants && !has) await this.http.request({ method: "PUT", path: defaultsAt + path`/${scope.id}` });
    }
    for (const scope of held) {
      if (scope.name !== addedScope && !names.includes(scope.name)) await this.remove(defaultsAt + path`/${scope.id}`);
    }
  }

  /** The error for scopes that the realm does not have. */
  async unknownScopes(names: readonly string[]): Promise<InputError> {
    const known = (await this.#readScopes()).map(({ name }) => name).filter((name) => name !== addedScope);
    const hints = names.map((name) => {
      const near = nearestWord(name, known);
      return `"${name}"${near ? ` (did you mean "${near}"?)` : ""}`;
    });
    return new InputError(
      "scopes",
      `the realm "${this.name}" has no client scope ${hints.join(", ")}, and Keycloak would leave it out without a word, so nothing was changed. Its client scopes: ${known.sort().join(", ")}.`,
    );
  }

  async #readScopes() {
    const scopes = await this.read(`${this.#at}/client-scopes`, scopesSchema);
    return scopes.filter(({ protocol }) => protocol === "openid-connect");
  }

  #unlessGone<Result>(run: () => Promise<Result>): Promise<Result | undefined> {
    const proof = /^Could not find client|^Client does not have a rotated secret/;
    return unlessGone(run, proof, `Check that the connection's url and its realm "${this.name}" are right.`);
  }
}
