/** What an answer means: a result, the absence of the thing, or a refusal. Its text is read within bounds. */
import { ResponseShapeError } from "../errors";
import { rememberSuspects } from "../secrets/known-secrets";
import { secretLike } from "../secrets/secret-shapes";
import type { RawAnswer } from "./exchange";
import { notJson, redirected, refused } from "./refusal";
import { type HttpRequest, type HttpResponse, labelOf, type SignedRequest } from "./request";

/** A request with its last answer: it is not sent again. */
export interface Answered extends SignedRequest {
  readonly answer: RawAnswer;
  /** Why it is not sent again, as a sentence for the user; empty if that is obvious. */
  readonly ended: string;
  /** The connection's URL. */
  readonly url: string;
  readonly ownPath?: string | undefined;
}

/** The result for the backend. Throws the error of a refusal. */
export function interpret(raw: Answered): HttpResponse {
  const answered = readable(raw);
  const { request, answer } = answered;
  const { status, headers, text } = answer;
  suspectAnswer(raw);
  if (request.absent?.includes(status)) {
    // A wrong URL often answers with an HTML page, which must not make every key look missing.
    if (isForPeople(request, text)) throw notJson(answered);
    return { status, headers, body: undefined, absent: true };
  }
  if (status < 200 || (status >= 300 && status < 400)) throw redirected(answered);
  if (status >= 400) throw refused(answered, request.parse ? parsed(request.parse, text) : parseErrorBody(text));
  if (text.trim() === "" || request.expectJson === false) return { status, headers, body: undefined, absent: false };
  const body = request.parse ? parsed(request.parse, text) : parseJson(text, () => labelOf(answered));
  if (body === undefined) throw notJson(answered);
  if (request.method !== "GET") rememberSuspects(...secretLike(body, wordsOfRequest(request)));
  return { status, headers, body, absent: false };
}

/** The status that counts: the answer's own, or the one that its body stands for (`statusOf`). */
export function statusIn(request: HttpRequest, { status, text }: RawAnswer): number {
  if (!request.statusOf || status < 200 || status >= 300) return status;
  const body = parsed(request.parse ?? ((json) => parseJson(json, () => "")), text);
  // A web page is refused later, with better words.
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

/** A body that is too large to parse is ignored: it must not turn the refusal into another failure. */
function parseErrorBody(text: string): unknown {
  try {
    return parseJson(text, () => "") ?? text;
  } catch {
    return undefined;
  }
}

/** The answer as readable text. A refusal in an unreadable encoding is reported without its words. */
function readable(raw: Answered): Answered {
  const { request, answer } = raw;
  const { status, headers, text } = answer;
  const encoding = encodingOf(headers["content-encoding"], text);
  if (encoding === undefined || request.expectJson === false) return raw;
  if (status >= 300 && request.absent?.includes(status) !== true) return { ...raw, answer: { ...answer, text: "" } };
  throw new ResponseShapeError(
    `${labelOf(raw)} answered ${status} in an encoding that was not asked for (${encoding}). Something between this machine and the service changes its answers: check the connection's url, and the proxies on the way.`,
  );
}

const usualEncodings = /^(?:gzip|x-gzip|deflate|br|zstd|compress)$/;

/**
 * The encoding of a body that cannot be read here, because none was requested; undefined for a readable body. An unusual
 * name may contain anything and is not shown.
 */
function encodingOf(contentEncoding: string | undefined, text: string): string | undefined {
  const encoding = contentEncoding?.trim().toLowerCase() ?? "";
  if (text === "" || encoding === "" || encoding === "identity") return undefined;
  return usualEncodings.test(encoding) ? encoding : "an unusual one";
}

/** Marks what may be a new key: it can appear in a refusal, and in headers that a message quotes. */
function suspectAnswer({ request, answer: { status, headers, text } }: Answered): void {
  if (request.method === "GET") return;
  const said = wordsOfRequest(request);
  const told = [headers.location, headers["x-request-id"], headers["request-id"], headers["content-type"]];
  rememberSuspects(...secretLike(told, said), ...(status >= 300 ? secretLike(parseErrorBody(text), said) : []));
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

/** No service nests its answer about a key deeper than this. */
const deepest = 64;
/** More values than an answer about ten thousand keys has. Each value takes many times its length in memory. */
const mostValues = 500_000;

/**
 * Parses a JSON answer; undefined if the text is not JSON. The parser's own error would quote the text.
 *
 * @throws ResponseShapeError - it is nested deeper than 64 levels, or has more than 500 000 values
 */
export function parseJson(text: string, label: () => string): unknown {
  const problem = boundsProblem(text);
  if (problem !== undefined)
    throw new ResponseShapeError(
      `${label()} answered with JSON ${problem}. Check the connection's url: it must be the base of the service's API, version included.`,
    );
  try {
    // Some servers begin their JSON with a byte order mark.
    return JSON.parse(text.replace(/^\ufeff/, "")) as unknown;
  } catch {
    return undefined;
  }
}

/** Checks the text before it is parsed: a few megabytes of brackets become hundreds in memory. */
function boundsProblem(text: string): string | undefined {
  let depth = 0;
  let values = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (quoted) {
      if (code === 0x5c) at += 1;
      else if (code === 0x22) quoted = false;
    } else if (code === 0x22) quoted = true;
    else if (code === 0x5b || code === 0x7b) {
      depth += 1;
      values += 1;
      if (depth > deepest) return `that is nested deeper than ${deepest} levels`;
    } else if (code === 0x5d || code === 0x7d) depth -= 1;
    else if (code === 0x2c) values += 1;
    if (values > mostValues) return `of more than ${mostValues} values`;
  }
  return undefined;
}
