import { Refusal, type Answer } from "../http/answer";
import type { Dialect } from "../http/dialect";

const CODES: Readonly<Record<number, string>> = { 404: "not_found", 405: "method_not_allowed" };

/** One envelope for everything: `{error: {code, message, …}}`. */
export const pulselyDialect: Dialect = {
  problem: (status, message) => errorAnswer(status, CODES[status] ?? "request_failed", message),
  invalid: (error) => errorAnswer(422, "invalid_request", `${error.message}.`),
};

export function refusal(status: number, code: string, message: string): Refusal {
  return new Refusal(errorAnswer(status, code, message));
}

export function errorAnswer(
  status: number,
  code: string,
  message: string,
  more: Readonly<Record<string, string>> = {},
): Answer {
  return { status, body: { error: { code, message, ...more } } };
}
