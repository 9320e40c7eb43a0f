/** The error for an answer that is no result: a refusal, a redirect, a web page. */
import { ConfigError, ConflictError, type ProviderError, ResponseShapeError } from "../errors";
import { redact } from "../secrets/redact";
import type { Answered } from "./answer";
import { readRetryAfter } from "./rate-limit-headers";
import { redirectWords } from "./redirect";
import { addressOf, isIdempotent, labelOf, secretsOf, toldPath } from "./request";
import { errorForStatus, isFromBetween, readErrorBody } from "./status";

/** How many characters of a refusal are searched for the words of a conflict. */
const mostOfRefusal = 4_096;

/** The error of a 4xx or 5xx. `body`: its content, if readable. */
export function refused(answered: Answered, body: unknown): ProviderError {
  const { request, answer, ended } = answered;
  const { status, headers } = answer;
  const secrets = secretsOf(answered);
  const retryAfterMs = readRetryAfter(headers["retry-after"], Date.now());
  const told = {
    status,
    method: request.method,
    path: redact(toldPath(request), secrets),
    ...readErrorBody(body, headers, secrets),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
  const refusal = saysConflict(answered)
    ? new ConflictError(told)
    : errorForStatus(told, status === 404 || status === 405 ? wrongPath(answered) : ended);
  // Some proxies answer a timeout with a 4xx status of their own: the service may have acted.
  return isIdempotent(request) || !isFromBetween(status)
    ? refusal
    : new ResponseShapeError(`${refusal.message} That does not say whether the service has acted.`);
}

/** True for the words of a conflict, unless the status has another cause (credential, path, rate) that the message must name. */
function saysConflict({ request: { conflict }, answer: { status, text } }: Answered): boolean {
  if (conflict === undefined || status >= 500 || [401, 402, 403, 404, 408, 410, 429].includes(status)) return false;
  return text.slice(0, mostOfRefusal).search(conflict) >= 0;
}

/** What to do if the URL does not end as the vendor's own does; empty if it does. */
function wrongPath({ url, ownPath = "" }: Answered): string {
  const { pathname } = new URL(url);
  return ownPath === "" || pathname.endsWith(ownPath)
    ? ""
    : `The connection's url has the path "${pathname.replace(/\/$/, "")}", and the vendor's own ends in "${ownPath}": check the url.`;
}

/** The error for a redirect. After a write it is unclear whether the service acted. */
export function redirected(answered: Answered): ProviderError {
  const { request, url, answer } = answered;
  const { status, headers } = answer;
  const { where, advice } = redirectWords(addressOf(request, url), headers.location);
  const words = `${labelOf(answered)} was redirected (${status}) ${where}. Redirects are not followed, so that the credential stays on one origin: ${advice}.`;
  return isIdempotent(request)
    ? new ConfigError(words)
    : new ResponseShapeError(`${words} Some services answer so when they have acted.`);
}

/** The error for a body that is not JSON. It does not quote the body. */
export function notJson(answered: Answered): ResponseShapeError {
  const { request, answer } = answered;
  const { status, headers, text } = answer;
  const kind = typeWords(headers["content-type"]);
  return new ResponseShapeError(
    `${labelOf(answered)} answered ${status} with a body that ${request.parse ? "its backend cannot read" : "is not JSON"} (${kind}, ${text.length} characters). Check the connection's url: it must be the base of the service's API, version included.`,
  );
}

const usualTypes =
  /^(?:text\/(?:html|plain|xml|css|csv|javascript)|application\/(?:json|xml|javascript|octet-stream|problem\+json))$/;

/** The content type in a message, if it is a usual one: a header may contain anything. */
function typeWords(contentType: string | undefined): string {
  const type = contentType?.split(";")[0]?.trim().toLowerCase() ?? "";
  return type === "" ? "unknown type" : usualTypes.test(type) ? type : "an unusual type";
}
