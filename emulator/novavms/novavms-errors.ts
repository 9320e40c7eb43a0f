import { Refusal, type Answer } from "../http/answer";
import type { Dialect } from "../http/dialect";

const CODES: Readonly<Record<number, string>> = {
  401: "invalid_token",
  403: "forbidden",
  404: "not_found",
  405: "method_not_allowed",
  409: "conflict",
  429: "RATE_LIMITED",
};

/** A validation error has the flat form with a request id; all others have the nested form. */
export function novavmsDialect(requestId: () => string): Dialect {
  return {
    problem: (status, message) => errorAnswer(status, CODES[status] ?? "request_failed", message),
    invalid: (error) => {
      return { status: 400, body: { error: "validation_failed", message: error.message, request_id: requestId() } };
    },
  };
}

export function errorAnswer(status: number, code: string, message: string): Answer {
  return { status, body: { error: { code, message } } };
}

/** Also for objects of another organisation: the vendor does not distinguish the two. */
export function notFound(): Refusal {
  return new Refusal(errorAnswer(404, "not_found", "No such resource in this organisation."));
}

export function forbidden(message: string): Refusal {
  return new Refusal(errorAnswer(403, "forbidden", message));
}

export function conflict(message: string): Refusal {
  return new Refusal(errorAnswer(409, "conflict", message));
}
