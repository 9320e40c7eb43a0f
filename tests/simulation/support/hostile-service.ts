/** A service that keeps keys as its vendor documents, and says in its answers what a test tells it. */

export type Product = "pulsely" | "novavms" | "pulseapi";

/** What stands in the next answer of one kind, and where. */
export interface Lie {
  /** Which request of a story is answered so, counted from 1; all that follow as well, if `on`. */
  readonly at: number;
  readonly on: boolean;
  /** The service has acted all the same. */
  readonly acts: boolean;
  readonly status: number;
  /** Where it stands: see `lied`. */
  readonly place: string;
  /** What is said, about the secrets as the service knows them. */
  readonly words: (secrets: Secrets) => string;
  /** Another field of the same answer has the new key as it is. */
  readonly tellsKey: boolean;
}

export interface Secrets {
  readonly admin: string;
  /** Of the newest key, as it is drawn. */
  readonly key: string;
}

interface Key {
  readonly id: string;
  name: string;
  readonly secret: string;
  readonly scopes: readonly string[];
  readonly account: string | undefined;
  active: boolean;
  expiresAt: string | null;
}

interface Sent {
  readonly method: string;
  readonly body: string | null;
}

interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: readonly Buffer[];
}

type Json = Record<string, unknown>;
type Answered = readonly [status: number, body: unknown];

export const errorPlaces = [
  "message",
  "error.message",
  "error.code",
  "error",
  "detail",
  "detail list",
  "errors",
  "errors list",
  "a field's name",
  "text",
  "a page",
  "request id",
  "content type",
  "location",
  "retry after",
  "request_id",
  "odd form",
] as const;

export const answerPlaces = [
  "id",
  "name",
  "mask",
  "scopes",
  "status",
  "created_at",
  "expires_at",
  "another field",
  "instead of the answer",
  "without id",
  "cut",
  "id with dots",
] as const;

export class HostileService {
  readonly keys: Key[] = [];
  readonly accounts: { id: string; name: string; role: unknown }[] = [];
  requests = 0;
  /** Honest up to the first create, which is then counted as the first request. */
  waitsForCreate = false;
  /** Answers that were lies, of all stories. */
  lies = 0;
  admin = "";
  /** Of two that answer one request the last. */
  told: readonly Lie[] = [];
  #drawn = "";
  #made = 0;

  /** In undici's place: a request and its answer, without a socket. */
  readonly request = (target: string, { method, body }: Sent): Promise<Answer> => {
    const { status, headers, text } = this.#answer(method, new URL(target).pathname, body ?? "");
    return Promise.resolve({ statusCode: status, headers, body: [Buffer.from(text)] });
  };

  reset(admin: string): void {
    Object.assign(this, { admin, told: [], requests: 0, waitsForCreate: false });
    this.#drawn = "";
    this.#made = 0;
    this.keys.length = 0;
    this.accounts.length = 0;
  }

  /** The secret of the next key, or of the newest one. */
  get secrets(): Secrets {
    return { admin: this.admin, key: this.#drawn };
  }

  draw(secret: string): void {
    this.#drawn = secret;
  }

  #answer(method: string, path: string, body: string): Written {
    this.requests += 1;
    if (this.waitsForCreate && method === "POST") Object.assign(this, { waitsForCreate: false, requests: 1 });
    const lie = this.waitsForCreate
      ? undefined
      : this.told.findLast(({ at, on }) => this.requests === at || (on && this.requests > at));
    const [status, honest] = lie && !lie.acts && lie.status >= 300 ? [0, {}] : this.#act(method, path, body);
    if (!lie) return written(status, honest);
    this.lies += 1;
    return lied(lie, { status, body: honest }, lie.words(this.secrets), lie.tellsKey ? { secret: this.#drawn } : {});
  }

  #act(method: string, at: string, text: string): Answered {
    const [product = "", ...path] = at.split("/").slice(1).map(decodeURIComponent);
    if (product === "zenml")
      return path[0] === "login" ? [200, { access_token: this.#drawn, expires_in: 3600 }] : [404, {}];
    const body = (text === "" ? {} : JSON.parse(text)) as Json;
    if (product === "novavms" && path[0] === "service-accounts" && path.length <= 2)
      return this.#account(method, path[1], body);
    const account = product === "novavms" ? path[1] : undefined;
    const rest = product === "novavms" ? path.slice(2) : path;
    return this.#key(product as Product, method, { account, id: rest[1], verb: rest[2] }, body);
  }

  #account(method: string, id: string | undefined, body: Json): Answered {
    if (method === "POST") {
      const account = { id: `acc-${(this.#made += 1)}`, name: body.name as string, role: body.role };
      this.accounts.push(account);
      return [201, accountOf(account)];
    }
    if (id === undefined) return [200, { data: this.accounts.map(accountOf), next_cursor: null }];
    const found = this.accounts.find((account) => account.id === id);
    if (!found) return [404, { error: "not_found", message: "no such account" }];
    if (method === "PATCH") found.name = body.name as string;
    if (method === "DELETE") this.accounts.splice(this.accounts.indexOf(found), 1);
    return method === "DELETE" ? [204, undefined] : [200, accountOf(found)];
  }

  #key(
    product: Product,
    method: string,
    { account, id, verb }: { account: string | undefined; id: string | undefined; verb: string | undefined },
    body: Json,
  ): Answered {
    if (method === "POST" && id === undefined) return this.#issue(product, account, body);
    const own = this.keys.filter((key) => key.account === account && (key.active || product === "pulsely"));
    if (id === undefined) return listOf(product, own);
    const found = own.find((key) => key.id === id);
    if (!found) return [404, { error: { code: "not_found", message: "no such key" } }];
    const told = () => keyOf(product, found);
    if (method === "DELETE" || verb === "revoke") {
      found.active = false;
      return [200, product === "pulsely" ? told() : {}];
    }
    if (method === "PATCH" && body.name !== undefined) found.name = body.name as string;
    if (method === "PATCH" && body.expires_at !== undefined) found.expiresAt = body.expires_at as string | null;
    return [200, product === "pulseapi" ? { data: told() } : told()];
  }

  #issue(product: Product, account: string | undefined, body: Json): Answered {
    const key: Key = {
      id: product === "pulseapi" ? String((this.#made += 1)) : `key-${(this.#made += 1)}`,
      name: body.name as string,
      secret: this.#drawn,
      scopes: (body.scopes ?? body.abilities) as string[],
      account,
      active: true,
      expiresAt: (body.expires_at as string | undefined) ?? null,
    };
    this.keys.push(key);
    const told = keyOf(product, key);
    return product === "pulseapi" ? [201, { data: told, token: key.secret }] : [201, { ...told, key: key.secret }];
  }
}

function listOf(product: Product, keys: readonly Key[]): Answered {
  const data = keys.map((key) => keyOf(product, key));
  if (product === "pulsely") return [200, { data, has_more: false, next_cursor: null }];
  if (product === "novavms") return [200, { keys: data }];
  return [200, { data, meta: { current_page: 1, last_page: 1 } }];
}

function accountOf({ id, name, role }: { id: string; name: string; role: unknown }): Json {
  return { id, name, role, scopes: null, enabled: true, created_at: "2026-06-15T12:00:00Z" };
}

function keyOf(product: Product, { id, name, secret, scopes, active, expiresAt }: Key): Json {
  const at = { created_at: "2026-06-15T12:00:00Z", last_used_at: null };
  if (product === "pulseapi") return { id: Number(id), name, abilities: scopes, last_eight: secret.slice(-8), ...at };
  const shared = { id, name, scopes, expires_at: expiresAt, ...at };
  return product === "novavms"
    ? { ...shared, prefix: secret.slice(0, 8), revoked_at: active ? null : "2026-06-15T12:00:00Z" }
    : {
        ...shared,
        masked: `${secret.slice(0, 15)}…${secret.slice(-4)}`,
        environment: "live",
        status: active ? "active" : "revoked",
      };
}

interface Written {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

function written(status: number, body: unknown): Written {
  const text = body === undefined ? "" : JSON.stringify(body);
  return { status, headers: { "content-type": "application/json" }, text };
}

/** What a header can carry of the words. */
function inHeader(words: string): string {
  return words
    .replace(/[^\x21-\x7e ]/g, (sign) => encodeURIComponent(sign.toWellFormed()))
    .slice(0, 2_000)
    .trim();
}

/** What an honest service would have said. */
interface Honest {
  readonly status: number;
  readonly body: unknown;
}

function lied({ status, place }: Lie, honest: Honest, words: string, more: Json): Written {
  if (status < 300) return written(status === 204 ? 200 : honest.status || status, altered(honest.body, place, words));
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (place === "request id") headers["x-request-id"] = inHeader(words);
  if (place === "content type") headers["content-type"] = inHeader(words) || "text/plain";
  if (place === "location" || status < 400) headers.location = `/${inHeader(words)}`;
  if (place === "retry after") headers["retry-after"] = /^\d/.test(words) ? words.slice(0, 9_000) : inHeader(words);
  const text = errorBody(place, words);
  return { status, headers, text: typeof text === "string" ? text : JSON.stringify({ ...text, ...more }) };
}

function errorBody(place: string, words: string): Json | string {
  if (place === "message") return { message: words };
  if (place === "error.message") return { error: { message: words, code: "refused" } };
  if (place === "error.code") return { error: { message: "no", code: words } };
  if (place === "error") return { error: words };
  if (place === "detail") return { detail: words };
  if (place === "detail list") return { detail: [{ loc: ["body"], msg: words }, words] };
  if (place === "errors") return { message: "invalid", errors: { name: [words, words], key: words } };
  if (place === "errors list") return { errors: [words, { message: words }] };
  if (place === "a field's name") return { errors: { [words]: ["is wrong"] }, [words]: words };
  if (place === "text") return words;
  if (place === "a page") return `<html><body>${words}</body></html>`;
  if (place === "request_id") return { message: "no", request_id: words };
  if (place === "odd form")
    return { errors: { a: { toString: 1 }, b: [[[[{ valueOf: words }]]]], c: null }, message: [] };
  return {};
}

/** The service's own answer with the words in one place. */
function altered(honest: unknown, place: string, words: string): unknown {
  if (place === "instead of the answer") return { message: words, data: words, key: words };
  if (typeof honest !== "object" || honest === null) return { message: words };
  const copy = structuredClone(honest) as Json;
  const inner = [copy.data, copy.keys, copy].flat().find((each) => typeof each === "object" && each !== null) as Json;
  const fields: Readonly<Record<string, string>> = { mask: "masked", "another field": "note", "id with dots": "id" };
  const field = fields[place] ?? place;
  if (place === "mask") Object.assign(inner, { masked: words, prefix: words, last_eight: words });
  else if (place === "scopes") Object.assign(inner, { scopes: [words, "read:checks"], abilities: [words] });
  else if (place === "without id" || place === "cut") delete inner.id;
  else inner[field] = place === "id with dots" ? ".." : words;
  return copy;
}
