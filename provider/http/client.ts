/** The HTTP client of a connection: one call with its attempts, waits, limits and errors. Only this file sends requests. */
import type { Dispatcher } from "undici";
import { minuteMs, secondMs } from "../values/durations";
import {
  ConfigError,
  ConflictError,
  ConnectionError,
  ProviderError,
  ResponseShapeError,
  TimeoutError,
} from "../errors";
import { rememberSecrets, rememberSuspects } from "../secrets/known-secrets";
import { redact } from "../secrets/redact";
import { secretLike } from "../secrets/secret-shapes";
import { hasUnseenSecret } from "../secrets/unseen-secret";
import { encodingOf } from "./body-encoding";
import { adviceFor, isPermanentCode, provesNothingSent, proxyRefusal } from "./connect-failure";
import { parseJsonAnswer } from "./json-answer";
import { nextPage, type Page } from "./list-bounds";
import { alertOf, destroyPools, failedWhileConnecting, isLoopback, poolFor, type TlsFiles, undici } from "./network";
import type { Pace, PacedCall, Urgency } from "./pace";
import { readQuota } from "./rate-limit-headers";
import { redirectWords } from "./redirect";
import { type Attempt, cancelled, decideRetry, type RetryDecision, whyItEnded } from "./retry";
import type { AnswersClock } from "./service-clock";
import { waitFor, waitsAreOver } from "./waiting";
import { errorForStatus, isFromBetween, readErrorBody, readRetryAfter } from "./status";

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
   * as a page for people: no message quotes it. Left out: the body is JSON.
   */
  readonly parse?: (text: string) => unknown;
  /**
   * For a service that refuses with a success, `200 {"ok": false, "code": …}`: the status that another service would send (404,
   * 401), read from the body of a 2xx answer; undefined if the answer is no refusal. Everything goes by that status: `absent`,
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

/** Default time limits: of one attempt, and of one call with all its attempts and waits. */
export const defaultTiming = { timeoutMs: 10 * secondMs, retryBudgetMs: minuteMs } as const;

export interface HttpClientOptions {
  readonly url: string;
  readonly session?: Session;
  /** Time limit of one attempt, in milliseconds. Default: 10 s. */
  readonly timeoutMs?: number;
  /** Time limit of all attempts and waits of one call, in milliseconds. Default: 60 s. */
  readonly retryBudgetMs?: number;
  /** The path of the API on the vendor's own host, such as `/v1`. If the URL ends otherwise, that may explain a 404. */
  readonly ownPath?: string | undefined;
  readonly dispatcher?: Dispatcher;
  /** Certificates of this connection only. */
  readonly tls?: TlsFiles | undefined;
  /** Learns the service's time from its answers. */
  readonly serviceClock?: AnswersClock;
  /** Decides when each request may start. Left out: at once. */
  readonly pace?: Pace;
  readonly clock?: Clock;
  readonly random?: () => number;
}

/** Monotonic time and waiting. Tests replace it; `APIKEYS_NOW` never moves it. */
export interface Clock {
  nowMs(): number;
  sleep(ms: number): Promise<void>;
}

export const realClock: Clock = { nowMs: () => performance.now(), sleep: waitFor };

const largestBodyBytes = 16 * 1024 * 1024;
/** How many characters of a refusal are searched for the words of a conflict. */
const mostOfRefusal = 4_096;
let stopped: string | undefined;

/** Stops all requests of this process, running ones included, once nobody is left to record the answers. */
export function stopSending(why: string): void {
  stopped = why;
  destroyPools();
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

/** False for a path that a URL parser would turn into another one. */
function isMeant(at: string): boolean {
  return at.startsWith("/") && !/[?#\\\u0000-\u0020]|\/\//.test(at) && !/\/(?:\.|%2e){1,2}(?:\/|$)/i.test(at);
}

/** The only place that opens sockets. It never follows a redirect, so the credential reaches one origin only. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const {
    url,
    session,
    timeoutMs = defaultTiming.timeoutMs,
    retryBudgetMs = defaultTiming.retryBudgetMs,
    ownPath,
    clock = realClock,
    random = Math.random,
  } = options;
  /** A list may take as long as the longest call. */
  const listBudgetMs = retryBudgetMs + timeoutMs;

  async function attemptOnce(request: HttpRequest, auth: Credential, attemptMs: number): Promise<RawAnswer> {
    const signal = AbortSignal.timeout(attemptMs);
    const label = () => labelOf(request, auth.secrets);
    const body = bodyText(request, label) ?? null;
    const dispatcher = options.dispatcher ?? (await poolFor(url, options.tls));
    if (stopped !== undefined) throw new ConnectionError(`${label()}: nothing was sent, because ${stopped}.`, false);
    const sentAtMs = clock.nowMs();
    try {
      const response = await undici().request(target(url, request), {
        method: request.method,
        headers: {
          accept: "application/json",
          "user-agent": "pulumi-apikeys",
          ...bodyType(request),
          ...auth.headers,
          ...request.headers,
        },
        body,
        dispatcher,
        signal,
        headersTimeout: attemptMs,
        bodyTimeout: attemptMs,
      });
      const headers = Object.fromEntries(
        Object.entries(response.headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
      );
      options.serviceClock?.note(headers, { sentAtMs, cameAtMs: clock.nowMs() });
      return { status: response.statusCode, headers, text: await readBody(response.body, label) };
    } catch (error) {
      throw asConnectionError(error, { label: label(), url, timedOutAfterMs: signal.aborted ? attemptMs : undefined });
    }
  }

  /** One attempt; a failure of the connection is an outcome like an answer. */
  async function attempt(request: HttpRequest, auth: Credential, attemptMs: number): Promise<Outcome> {
    try {
      const answer = await attemptOnce(request, auth, attemptMs);
      return { answer: { ...answer, status: statusIn(request, answer) } };
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      return { failure: error };
    }
  }

  async function sendWithRetries(request: HttpRequest, auth: Credential, call?: PacedCall): Promise<FinalAnswer> {
    const idempotent = isIdempotent(request);
    const page = request.method === "GET" ? nextPage(request.path, clock.nowMs(), listBudgetMs) : undefined;
    const budgetMs = Math.min(retryBudgetMs, Math.max(0, page?.leftMs ?? retryBudgetMs));
    const startedMs = clock.nowMs();
    let queuedMs = 0;
    let last: Outcome | undefined;
    for (let attempts = 1; ; attempts += 1) {
      const turn = await turnOf(call, page);
      if (turn instanceof ConnectionError) return endedBy(turn, last, attempts - 1);
      queuedMs += turn;
      const elapsedMs = () => clock.nowMs() - startedMs - queuedMs;
      last = await attempt(request, auth, attemptTime(request, last, budgetMs - elapsedMs()));
      const decision = decideRetry({
        attempt: describeAttempt(last),
        attempts,
        idempotent,
        elapsedMs: elapsedMs(),
        budgetMs,
        random: random(),
        pacedWaitMs: countsForLimit(request) ? options.pace?.longestWaitMs : undefined,
      });
      note(call, request, { ...last, decision });
      const next = await waited(clock, decision, call);
      if (next.again) continue;
      page?.read(last.answer?.text.length ?? 0);
      return ended(last, whyItEnded(attempts, next.why));
    }
  }

  /** How long the next attempt may take. */
  function attemptTime(request: HttpRequest, last: Outcome | undefined, leftMs: number): number {
    // A create keeps its full time: if it is cut short, its outcome is unclear. So does a call that has waited as asked.
    const isCut = last !== undefined && isIdempotent(request) && last.answer?.status !== 429;
    return isCut ? Math.min(timeoutMs, Math.max(1, Math.ceil(leftMs))) : timeoutMs;
  }

  /** Reports the result of an attempt to the pace. */
  function note(
    call: PacedCall | undefined,
    request: HttpRequest,
    outcome: Outcome & { decision: RetryDecision },
  ): void {
    const { answer, failure, decision } = outcome;
    if (!answer || (answer.status >= 500 && answer.status !== 501)) {
      const words = failure?.message ?? `${labelOf(request, [])} answered ${answer?.status}.`;
      const given = !decision.again && failure?.sent === false;
      return call?.failed({ words, given, answered: answer !== undefined });
    }
    if (!countsForLimit(request)) return call?.answered({ refused: false });
    call?.answered({
      refused: answer.status === 429,
      retryAfterMs: readRetryAfter(answer.headers["retry-after"], Date.now()),
      quota: readQuota(answer.headers, Date.now()),
    });
  }

  return {
    async request(request) {
      rememberSecrets(...(request.secrets ?? []));
      if (!isMeant(request.path))
        throw new ProviderError(
          `${labelOf(request, [])}: this path leads elsewhere than it says, and nothing was sent. It must begin with "/", without empty and dot segments, "?" and "#"; check the ids in it, and the connection's own paths.`,
        );
      const authenticated = request.authenticated ?? true;
      for (let renewed = false; ; renewed = true) {
        const auth = session && authenticated ? await session.credential() : { headers: {}, secrets: [] };
        const call = options.pace?.begin(urgencyOf(request));
        const answer = await sendWithRetries(request, auth, call).finally(() => call?.done());
        // A 401 comes before the service does anything, so even a create may be sent again with a fresh session.
        if (answer.status === 401 && session && authenticated && !renewed && (await session.renew(auth))) continue;
        return interpret(request, { ...answer, url, ownPath }, [...auth.secrets, ...(request.secrets ?? [])]);
      }
    },
  };
}

/** The decision, after its wait. Cancelling the run ends the wait and all further attempts. */
async function waited(clock: Clock, decision: RetryDecision, call?: PacedCall): Promise<RetryDecision> {
  const sleep = (ms: number) => clock.sleep(ms);
  if (decision.again) await (call ? call.rest(decision.delayMs, sleep) : sleep(decision.delayMs));
  return waitsAreOver() && decision.again ? { again: false, why: cancelled } : decision;
}

/** Waits for a call's turn. Returns how long that took, or the error if there is none. */
async function turnOf(call: PacedCall | undefined, page: Page | undefined): Promise<number | ConnectionError> {
  if (!call) return 0;
  try {
    const waitedMs = await call.turn();
    page?.waited(waitedMs);
    return waitedMs;
  } catch (error) {
    if (error instanceof ConnectionError) return error;
    throw error;
  }
}

/** The result of a call that gets no further turn: that of its last attempt, which may have acted. */
function endedBy(refusal: ConnectionError, last: Outcome | undefined, attempts: number): FinalAnswer {
  if (!last) throw refusal;
  return ended(last, waitsAreOver() ? whyItEnded(attempts, cancelled) : refusal.message);
}

function ended({ answer, failure }: Outcome, why: string): FinalAnswer {
  if (answer) return { ...answer, ended: why };
  if (failure && why !== "") failure.message += ` ${why}`;
  throw failure as ConnectionError;
}

function urgencyOf({
  method,
  authenticated = true,
  idempotent = method !== "POST" && method !== "PATCH",
}: HttpRequest): Urgency {
  if (method === "GET") return "read";
  if (!authenticated) return "login";
  return idempotent ? "change" : "create";
}

/** A request with a key's own secret, or a login, says nothing about the limit of the connection's credential. */
function countsForLimit({ authenticated = true }: HttpRequest): boolean {
  return authenticated;
}

/** The name of the call in messages. */
function labelOf({ method, path: at, secrets = [] }: HttpRequest, more: readonly string[]): string {
  return redact(`${method} ${toldPath(at)}`, [...secrets, ...more]);
}

/** The path for a message. An id that needs encoding is left out: it may contain a key that was never seen. */
function toldPath(at: string): string {
  return hasUnseenSecret() ? at.replace(/[^/]*%[^/]*/g, "…") : at;
}

interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
}

/** The result of one attempt. */
interface Outcome {
  readonly answer?: RawAnswer;
  readonly failure?: ConnectionError;
}

/** The last answer, after which the request is not sent again. */
interface FinalAnswer extends RawAnswer {
  /** Why it is not sent again, as a sentence for the user; empty where that is obvious. */
  readonly ended: string;
}

/** The last answer, and the connection's URL. */
interface AnswerAt extends FinalAnswer {
  readonly url: string;
  readonly ownPath?: string | undefined;
}

function interpret(request: HttpRequest, answer: AnswerAt, secrets: readonly string[]): HttpResponse {
  const { status, headers, text } = asText(request, answer, secrets);
  suspectAnswer(request, answer);
  if (request.absent?.includes(status)) {
    // A wrong URL often answers with an HTML page, which must not make every key look missing.
    if (isForPeople(request, text)) throw notJson(request, answer, secrets);
    return { status, headers, body: undefined, absent: true };
  }
  if (status < 200 || (status >= 300 && status < 400)) throw redirected(request, answer, secrets);
  if (status >= 400) throw refused(request, { ...answer, text }, secrets);
  if (text.trim() === "" || request.expectJson === false) return { status, headers, body: undefined, absent: false };
  const body = request.parse ? parsed(request.parse, text) : parseJsonAnswer(text, () => labelOf(request, secrets));
  if (body === undefined) throw notJson(request, answer, secrets);
  if (request.method !== "GET") rememberSuspects(...secretLike(body, wordsOfRequest(request)));
  return { status, headers, body, absent: false };
}

/** The status that counts: that of the answer, or the one that stands for the refusal in its body. */
function statusIn(request: HttpRequest, { status, text }: RawAnswer): number {
  if (!request.statusOf || status < 200 || status >= 300) return status;
  const body = parsed(request.parse ?? ((json) => parseJsonAnswer(json, () => "")), text);
  // A page for people is refused later, with better words.
  return body === undefined && text.trim() !== "" ? status : (request.statusOf(body) ?? status);
}

/** True for a web page instead of an answer. Answers that a backend parses itself may also begin with `<`. */
function isForPeople({ expectJson, parse }: HttpRequest, text: string): boolean {
  if (parse) return text.trim() !== "" && parsed(parse, text) === undefined;
  return expectJson !== false && /^\s*</.test(text);
}

/** A parser's own error would quote the text. */
function parsed(parse: NonNullable<HttpRequest["parse"]>, text: string): unknown {
  try {
    return parse(text) ?? undefined;
  } catch {
    return undefined;
  }
}

/** The answer as readable text. A refusal in an unreadable encoding is reported without its words. */
function asText(request: HttpRequest, answer: AnswerAt, secrets: readonly string[]): RawAnswer {
  const { status, headers, text } = answer;
  const encoding = encodingOf(headers["content-encoding"], text);
  if (encoding === undefined || request.expectJson === false) return answer;
  if (status >= 300 && request.absent?.includes(status) !== true) return { status, headers, text: "" };
  throw new ResponseShapeError(
    `${labelOf(request, secrets)} answered ${status} in an encoding that was not asked for (${encoding}). Something between this machine and the service changes its answers: check the connection's url, and the proxies on the way.`,
  );
}

/** Marks what may be a new key: it can appear in a refusal, and in headers that a message quotes. */
function suspectAnswer(request: HttpRequest, { status, headers, text }: RawAnswer): void {
  if (request.method === "GET") return;
  const said = wordsOfRequest(request);
  const told = [headers.location, headers["x-request-id"], headers["request-id"], headers["content-type"]];
  rememberSuspects(...secretLike(told, said), ...(status >= 300 ? secretLike(parseErrorBody(text), said) : []));
}

/** What to do if the URL does not end as the vendor's own does; empty if it does. */
function wrongPath({ url, ownPath = "" }: AnswerAt): string {
  const { pathname } = new URL(url);
  return ownPath === "" || pathname.endsWith(ownPath)
    ? ""
    : `The connection's url has the path "${pathname.replace(/\/$/, "")}", and the vendor's own ends in "${ownPath}": check the url.`;
}

function refused(request: HttpRequest, answer: AnswerAt, secrets: readonly string[]): ProviderError {
  const { status, headers, text, ended } = answer;
  const retryAfterMs = readRetryAfter(headers["retry-after"], Date.now());
  const told = {
    status,
    method: request.method,
    path: redact(toldPath(request.path), secrets),
    ...readErrorBody(request.parse ? parsed(request.parse, text) : parseErrorBody(text), headers, secrets),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
  const refusal = saysConflict(request, answer)
    ? new ConflictError(told)
    : errorForStatus(told, status === 404 || status === 405 ? wrongPath(answer) : ended);
  // Some proxies answer a timeout with a 4xx status of their own: the service may have acted.
  return isIdempotent(request) || !isFromBetween(status)
    ? refusal
    : new ResponseShapeError(`${refusal.message} That does not say whether the service has acted.`);
}

/** True for the words of a conflict, unless the status has another cause (credential, path, rate) that the message must name. */
function saysConflict({ conflict }: HttpRequest, { status, text }: RawAnswer): boolean {
  if (conflict === undefined || status >= 500 || [401, 402, 403, 404, 408, 410, 429].includes(status)) return false;
  return text.slice(0, mostOfRefusal).search(conflict) >= 0;
}

function isIdempotent({ idempotent, method }: HttpRequest): boolean {
  return idempotent ?? (method !== "POST" && method !== "PATCH");
}

/** The error for a redirect. After a write it is unclear whether the service acted. */
function redirected(
  request: HttpRequest,
  { status, headers, url }: AnswerAt,
  secrets: readonly string[],
): ProviderError {
  const { where, advice } = redirectWords(target(url, request), headers.location);
  const words = `${labelOf(request, secrets)} was redirected (${status}) ${where}. Redirects are not followed, so that the credential stays on one origin: ${advice}.`;
  return isIdempotent(request)
    ? new ConfigError(words)
    : new ResponseShapeError(`${words} Some services answer so when they have acted.`);
}

/** A body that is too large to parse is ignored: it must not turn the refusal into another failure. */
function parseErrorBody(text: string): unknown {
  try {
    return parseJsonAnswer(text, () => "") ?? text;
  } catch {
    return undefined;
  }
}

/** All text of the request. An answer that repeats it reveals no new secret. */
function wordsOfRequest({ path: at, json, form, query }: HttpRequest): string {
  return [
    at,
    decodeURIComponent(at),
    ...stringsIn(json),
    ...Object.values(form ?? {}),
    JSON.stringify(query ?? {}),
  ].join("\n");
}

function stringsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(stringsIn);
}

/** The parser's own error would quote the body. */
function notJson(
  request: HttpRequest,
  { status, headers, text }: RawAnswer,
  secrets: readonly string[],
): ResponseShapeError {
  const kind = typeWords(headers["content-type"]);
  return new ResponseShapeError(
    `${labelOf(request, secrets)} answered ${status} with a body that ${request.parse ? "its backend cannot read" : "is not JSON"} (${kind}, ${text.length} characters). Check the connection's url: it must be the base of the service's API, version included.`,
  );
}

const usualTypes =
  /^(?:text\/(?:html|plain|xml|css|csv|javascript)|application\/(?:json|xml|javascript|octet-stream|problem\+json))$/;

/** The content type in a message, if it is a usual one: a header may contain anything. */
function typeWords(contentType: string | undefined): string {
  const type = contentType?.split(";")[0]?.trim().toLowerCase() ?? "";
  return type === "" ? "unknown type" : usualTypes.test(type) ? type : "an unusual type";
}

function describeAttempt({ answer, failure }: Outcome): Attempt {
  if (!answer) return { kind: "broken", sent: failure?.sent ?? true, permanent: isPermanent(failure) };
  const retryAfterMs = readRetryAfter(answer.headers["retry-after"], Date.now());
  return { kind: "answered", status: answer.status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** An unknown host name or an invalid certificate will still be wrong a minute later. */
function isPermanent(failure: ConnectionError | undefined): boolean {
  return isPermanentCode(errorCode(failure?.cause));
}

/** A failed attempt; `timedOutAfterMs` is set when its time was up. */
interface FailedAttempt {
  readonly label: string;
  readonly url: string;
  readonly timedOutAfterMs: number | undefined;
}

function asConnectionError(error: unknown, { label, url, timedOutAfterMs }: FailedAttempt): Error {
  if (error instanceof ResponseShapeError) return error;
  const origin = new URL(url).origin;
  if (timedOutAfterMs !== undefined)
    return new TimeoutError(
      `${label}: no complete answer from ${origin} within ${timedOutAfterMs / 1000} s. If it often takes longer, raise "timeout" of the connection.`,
    );
  const alert = alertOf(error);
  const code = alert?.code ?? errorCode(error);
  if (code === "UND_ERR_INVALID_ARG") return unsendable(label);
  const refused = proxyRefusal(error);
  const unsent = failedWhileConnecting(error) || refused !== undefined || provesNothingSent(code);
  // After an answer on the same connection, this is not a refused handshake.
  const sent = !unsent || alert?.hasAnswered === true;
  const what = refused
    ? `the proxy (HTTPS_PROXY or HTTP_PROXY) refused the connection with ${refused}, and nothing was sent,`
    : howItBroke(sent, code);
  const advice = sent ? "" : adviceFor(code, isLoopback(new URL(url)));
  return new ConnectionError(`${label}: ${what} at ${origin}${code ? ` (${code})` : ""}.${advice}`, sent, {
    cause: code ? { code } : undefined,
  });
}

function howItBroke(sent: boolean, code = ""): string {
  if (!sent) return "the service cannot be reached";
  return /HEADERS?_OVERFLOW/.test(code)
    ? "the answer has more headers than the 16 KiB that are read"
    : "the connection broke before the answer was complete";
}

/** Proves that nothing was sent. Only for failures before the request is written. */
function unsendable(label: string): ProviderError {
  return new ProviderError(
    `${label}: this request cannot be sent, and nothing was sent. The backend has made a mistake in its headers, path or body.`,
  );
}

/** The error code of the system or of undici, also from inside an AggregateError. */
function errorCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: unknown };
  if (typeof code === "string") return code;
  return errorCode(cause) ?? (Array.isArray(errors) ? errorCode(errors[0]) : undefined);
}

async function readBody(body: Dispatcher.ResponseData["body"], label: () => string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > largestBodyBytes)
      throw new ResponseShapeError(`${label()} answered with more than ${largestBodyBytes / 1024 / 1024} MiB.`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function target(url: string, request: HttpRequest): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(request.query ?? {}))
    if (value !== undefined) query.set(name, String(value));
  const text = query.toString();
  return `${url.replace(/\/+$/, "")}${request.path}${text ? `?${text}` : ""}`;
}

function bodyType(request: HttpRequest): Record<string, string> {
  if (request.json !== undefined) return { "content-type": "application/json" };
  return request.form ? { "content-type": "application/x-www-form-urlencoded" } : {};
}

function bodyText(request: HttpRequest, label: () => string): string | undefined {
  try {
    if (request.json !== undefined) return JSON.stringify(request.json);
    return request.form ? new URLSearchParams(request.form).toString() : undefined;
  } catch {
    // JSON cannot express it: a bigint, or a value that contains itself.
    throw unsendable(label());
  }
}
