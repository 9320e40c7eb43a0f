import { z } from "zod";
import { InputError } from "../errors";
import { type HttpClient, path } from "../http/client";
import { nearestWord } from "../scopes";
import { addedScope } from "./keycloak-client";
import { parseAnswer } from "./parse-answer";

const scopesSchema = z.array(z.object({ id: z.string().min(1), name: z.string(), protocol: z.string().nullish() }));

/** The client scopes of one realm. */
export class RealmScopes {
  constructor(
    private readonly http: HttpClient,
    private readonly realm: string,
  ) {}

  /** The client gets these default scopes, and no optional ones: those go to whoever asks for them. */
  async give(clientAt: string, names: readonly string[]): Promise<void> {
    const known = await this.known();
    const missing = names.filter((name) => !known.some((scope) => scope.name === name));
    if (missing.length > 0) throw await this.unknown(missing);
    const held = await this.read(`${clientAt}/default-client-scopes`);
    // First these: what is optional already is not made default, without a word.
    for (const { id } of await this.read(`${clientAt}/optional-client-scopes`)) await this.http.request({ method: "DELETE", path: `${clientAt}/optional-client-scopes` + path`/${id}` });
    const wanted = known.filter(({ name }) => names.includes(name));
    const at = `${clientAt}/default-client-scopes`;
    for (const { id } of wanted) if (!held.some((scope) => scope.id === id)) await this.http.request({ method: "PUT", path: at + path`/${id}` });
    for (const { id, name } of held) if (name !== addedScope && !wanted.some((scope) => scope.id === id)) await this.http.request({ method: "DELETE", path: at + path`/${id}` });
  }

  /** What to say of scopes that the realm does not have. */
  async unknown(names: readonly string[]): Promise<InputError> {
    const known = (await this.known()).map(({ name }) => name).filter((name) => name !== addedScope);
    const hints = names.map((name) => [name, nearestWord(name, known)] as const).map(([name, near]) => `"${name}"${near ? ` (did you mean "${near}"?)` : ""}`);
    return new InputError("scopes", `the realm "${this.realm}" has no client scope ${hints.join(", ")}, and Keycloak would leave it out without a word, so nothing was changed. Its client scopes: ${known.sort().join(", ")}.`);
  }

  private async known() {
    return (await this.read(path`/admin/realms/${this.realm}/client-scopes`)).filter(({ protocol }) => protocol === "openid-connect");
  }

  private async read(at: string) {
    return parseAnswer("GET", at, scopesSchema, (await this.http.request({ method: "GET", path: at })).body);
  }
}
