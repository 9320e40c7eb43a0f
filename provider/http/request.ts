/** A backend's request: its form, its name in messages, and what it must not reveal. */
import { ProviderError } from "../errors";
import { redact } from "../secrets/redact";
import { hasUnseenSecret } from "../secrets/unseen-secret";
import type { Urgency } from "./pace";

export type HttpMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** One call of a vendor's API. */
export interface HttpRequest {
  readonly method: HttpMethod;
  /** Path below the connection's `url`, beginning with `/`. Build it with {@link path}, which encodes ids. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Repeating it has the same effect as sending it once. Default: true, but false for POST and PATCH. */
  readonly idempotent?: boolean;
  /** Statuses that mean "there is no such thing" and come back as `absent: true` instead of an error. */
  readonly absent?: readonly number[];
  /**
   * The service's words for a name that is taken. A 4xx refusal with these words becomes a ConflictError, unless it
   * refuses the credential, the path or the rate.
   */
  readonly conflict?: RegExp;
  /** Secret values in this request, kept out of every message. */
  readonly secrets?: readonly string[];
  /** False: send the request without the connection's credential (a login). Default: true. */
  readonly authenticated?: boolean;
  /** False: accept and ignore a body that is not JSON. Default: true. */
  readonly expectJson?: boolean;
  /**
   * Reads the body of an answer that is not JSON, such as XML or a form, into the value that becomes `body`; of a refusal,
   * its `message`, `error` or `errors` become the service's words. Return undefined, or throw, for a text in another form, such
   * as a web page: no message quotes it. Left out: the body is JSON.
   */
  readonly parse?: (text: string) => unknown;
  /**
   * For a service that refuses with a success, `200 {"ok": false, "code": …}`: the status that another service would send (404,
   * 401), read from the body of a 2xx answer; undefined if the answer is no refusal. That status decides everything: `absent`,
   * `conflict`, a new login, waits, and the class of the error. What it throws, as `fieldsOf` does for another form, is
   * the error of the call. Left out: the answer's own status counts.
   */
  readonly statusOf?: (body: unknown) => number | undefined;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The parsed JSON; undefined for an empty body. */
  readonly body: unknown;
  readonly absent: boolean;
}

/** The HTTP client that a backend gets. */
export interface HttpClient {
  request(request: HttpRequest): Promise<HttpResponse>;
}

/** The headers that authenticate a request. */
export interface Credential {
  readonly headers: Readonly<Record<string, string>>;
  /** Values in it that must not be printed. */
  readonly secrets: readonly string[];
}

/** The source of a client's credential. */
export interface Session {
  credential(): Promise<Credential>;
  /** Called once after a 401 to this credential. False: the next credential could not be different. */
  renew(refused: Credential): Promise<boolean>;
}

/** A request with the credential that it is sent with. */
export interface SignedRequest {
  readonly request: HttpRequest;
  readonly credential: Credential;
}

/**
 * A path with each value percent-encoded: path`/api-keys/${id}`.
 *
 * @throws ProviderError - a value is empty, `.` or `..`, encoded or not, and would lead to another path
 */
export function path(parts: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  return parts.reduce(
    (text, part, index) => text + part + (index < values.length ? segment(String(values[index])) : ""),
    "",
  );
}

function segment(value: string): string {
  // Every URL parser removes these segments, encoded ones too.
  if (value === "" || value === "." || value === ".." || !value.isWellFormed())
    throw new ProviderError(
      `an id that is ${value === "" ? "an empty text" : value.isWellFormed() ? `"${value}"` : "no valid text"} names nothing on a service, and nothing was sent.`,
    );
  return encodeURIComponent(value);
}

/** Refuses a path that a URL parser would turn into another one. */
export function assertMeant(request: HttpRequest): void {
  const { path: at } = request;
  if (at.startsWith("/") && !/[?#\\\u0000-\u0020]|\/\//.test(at) && !/\/(?:\.|%2e){1,2}(?:\/|$)/i.test(at)) return;
  throw new ProviderError(
    `${labelOf({ request, credential: noCredential })}: this path leads elsewhere than it says, and nothing was sent. It must begin with "/", without empty and dot segments, "?" and "#"; check the ids in it, and the connection's own paths.`,
  );
}

export const noCredential: Credential = { headers: {}, secrets: [] };

export function isIdempotent({ idempotent, method }: HttpRequest): boolean {
  return idempotent ?? (method !== "POST" && method !== "PATCH");
}

export function urgencyOf(request: HttpRequest): Urgency {
  if (request.method === "GET") return "read";
  if (!isAuthenticated(request)) return "login";
  return isIdempotent(request) ? "change" : "create";
}

/** False for a login, and for a request with a key's own secret: they say nothing about the limit of the connection's credential. */
export function isAuthenticated({ authenticated = true }: HttpRequest): boolean {
  return authenticated;
}

/** The name of the call in messages. */
export function labelOf(signed: SignedRequest): string {
  return redact(`${signed.request.method} ${toldPath(signed.request)}`, secretsOf(signed));
}

/** The secrets of this request, which no message may show. */
export function secretsOf({ request, credential }: SignedRequest): readonly string[] {
  return [...(request.secrets ?? []), ...credential.secrets];
}

/** The path for a message. An id that needs encoding is left out: it may contain a key that was never seen. */
export function toldPath({ path: at }: HttpRequest): string {
  return hasUnseenSecret() ? at.replace(/[^/]*%[^/]*/g, "…") : at;
}

/** The whole address of a request on a connection. */
export function addressOf(request: HttpRequest, url: string): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(request.query ?? {}))
    if (value !== undefined) query.set(name, String(value));
  const text = query.toString();
  return `${url.replace(/\/+$/, "")}${request.path}${text ? `?${text}` : ""}`;
}
