/** What a refusal means: its error class, and its words. */
import {
  ApiError,
  type ApiErrorFacts,
  AuthenticationError,
  BadRequestError,
  ConflictError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  ServerError,
} from "../errors";
import { redact } from "../secrets/redact";
import { longestRetryAfterMs } from "./rate-limit-headers";

/**
 * Turns a status into an error class. No other place does.
 *
 * @param ended - why the request was not sent again, as a sentence; see `whyItEnded` in retry.ts; or, at
 * 404 and 405, what is wrong with the path
 */
export function errorForStatus(facts: ApiErrorFacts, ended = ""): ApiError {
  const { status } = facts;
  if (status === 401)
    return new AuthenticationError(
      facts,
      "The admin credential was not accepted: check that it is current and belongs to this service.",
    );
  if (status === 402 || status === 403)
    return new PermissionDeniedError(
      facts,
      "The admin credential may not do this: check that it is current, has the right role, and that the plan allows it.",
    );
  if (status === 404 || status === 410) return new NotFoundError(facts, ended || undefined);
  if (status === 409) return new ConflictError(facts);
  if (status === 429)
    return new RateLimitError(
      facts,
      `${ended} The service is limiting requests${waitAsked(facts)}: run again later, or with a lower --parallel.`.trim(),
    );
  if (status >= 500) return new ServerError(facts, ended);
  if (status === 405) return new BadRequestError(facts, ended || undefined);
  if (status >= 400) return new BadRequestError(facts);
  return new ApiError(facts);
}

/**
 * True for statuses that a proxy or gateway sends when it has waited too long (408, and unassigned 4xx codes). They do
 * not say whether the service acted.
 */
export function isFromBetween(status: number): boolean {
  return status === 408 || (status >= 432 && status < 500 && status !== 451);
}

function waitAsked({ retryAfterMs }: ApiErrorFacts): string {
  if (retryAfterMs === undefined) return "";
  if (retryAfterMs >= longestRetryAfterMs) return " and asks to wait for a day or longer";
  return ` and asks to wait ${Math.ceil(retryAfterMs / 1000)} s`;
}

/** The vendor's words, code and request id, wherever they are in the error body. */
export function readErrorBody(
  body: unknown,
  headers: Readonly<Record<string, string | undefined>>,
  secrets: readonly string[],
): Pick<ApiErrorFacts, "detail" | "code" | "requestId"> {
  const requestId = idOf(headers["x-request-id"] ?? headers["request-id"] ?? text(field(body, "request_id")));
  const detail = words(body);
  const code = text(field(field(body, "error"), "code")) ?? text(field(body, "code")) ?? text(field(body, "error"));
  return {
    ...(detail === undefined ? {} : { detail: redact(detail, secrets) }),
    ...(code === undefined ? {} : { code: redact(code, secrets) }),
    ...(requestId === undefined ? {} : { requestId: redact(requestId, secrets) }),
  };
}

/** Text with blanks or unusual characters, or very long text, is not a request id. */
function idOf(told: string | undefined): string | undefined {
  return told !== undefined && /^[\w.:+/=@-]{1,128}$/.test(told) ? told : undefined;
}

function words(body: unknown): string | undefined {
  if (typeof body === "string") return /^\s*</.test(body) ? undefined : text(body);
  if (Array.isArray(body)) return sentences(body);
  const error = field(body, "error");
  const parts = [
    text(field(error, "message")) ??
      text(field(body, "message")) ??
      text(field(body, "errorMessage")) ??
      text(field(body, "error_description")) ??
      text(field(error, "reason")) ??
      text(field(body, "reason")),
    sentences(field(body, "detail")),
    fieldErrors(field(body, "errors")),
  ].filter((part) => part !== undefined);
  return parts.length > 0 ? parts.join(" ") : (text(error) ?? text(field(error, "code")));
}

/** More sentences than this are not shown. */
const mostItems = 20;

/**
 * A text, or a list of texts or of objects that contain one: `["KeyError", "not found"]`, `[{"loc": […], "msg": "field
 * required"}]`.
 */
function sentences(value: unknown): string | undefined {
  if (!Array.isArray(value)) return text(value) ?? text(field(value, "message"));
  const found = value
    .slice(0, mostItems)
    .map(
      (item) => text(item) ?? text(field(item, "msg")) ?? text(field(item, "message")) ?? text(field(item, "detail")),
    )
    .filter((item) => item !== undefined);
  return text(found.join(": "));
}

/** Laravel's `{"errors": {"name": ["…"]}}` on one line; a field whose value is not text shows only its name. */
function fieldErrors(errors: unknown): string | undefined {
  if (Array.isArray(errors)) return sentences(errors);
  if (typeof errors !== "object" || errors === null) return undefined;
  const lines = Object.entries(errors)
    .slice(0, mostItems)
    .map(([name, value]) => {
      const said = scalars(value);
      return said === "" ? name : `${name}: ${said}`;
    });
  return lines.length > 0 ? `(${lines.join("; ")})` : undefined;
}

function scalars(value: unknown): string {
  return (Array.isArray(value) ? value.slice(0, mostItems) : [value])
    .filter((item) => typeof item === "string" || typeof item === "number" || typeof item === "boolean")
    .join(" ");
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

/** A text, cut to the length that is read. */
function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value.slice(0, 2 * 4_096) : undefined;
}
