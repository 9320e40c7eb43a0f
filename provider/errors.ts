/**
 * Every error that a backend may throw and that a user may read. A message says what failed, where,
 * and what to do; whatever a secret that this process knows shares with it is taken out when it is built.
 * Vendor text passes through `redact` besides, which cuts it and knows what secrets look like.
 */

import { redact, withoutSecrets } from "./redact";
import { hasUnseenSecret } from "./unseen-secret";

/** The classes of this tree that an error is of, by name, on the prototype of each. */
const kinds = Symbol.for("pulumi-apikeys.error");

/**
 * Root of the tree: anything that this package reports on purpose. `instanceof` goes by the classes'
 * names, so that the errors of a backend that came with its own copy of this package are known here.
 */
export class ProviderError extends Error {
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
    // A class that somebody has derived from one of these is not of the tree, and has its own instances only.
    const own = Object.hasOwn(this.prototype, kinds) ? kindsOf(this.prototype)[0] : undefined;
    return own !== undefined && kindsOf(value).includes(own);
  }

  constructor(message: string, options?: { cause?: unknown }) {
    super(withoutSecrets(message), options);
    this.name = new.target.name;
  }
}

/** A resource's input is wrong. `field` is the input's name in the user's program; the message names it. */
export class InputError extends ProviderError {
  constructor(
    readonly field: string,
    message: string,
  ) {
    super(`input "${field}": ${message}`);
  }
}

/** A connection, its credential, or a backend file is missing or wrong. */
export class ConfigError extends ProviderError {}

/** What is known of an answer that was not a success. */
export interface ApiErrorFacts {
  readonly status: number;
  readonly method: string;
  readonly path: string;
  /** The vendor's request id, where it sent one. */
  readonly requestId?: string;
  /** The vendor's own words, cut and redacted. */
  readonly detail?: string;
  /** The vendor's machine-readable code, where the backend knows how to find it. */
  readonly code?: string;
  /** How long the vendor asked us to wait, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** The service answered, and the answer was a refusal. */
export class ApiError extends ProviderError implements ApiErrorFacts {
  readonly status: number;
  readonly method: string;
  readonly path: string;
  readonly requestId?: string;
  readonly detail?: string;
  readonly code?: string;
  readonly retryAfterMs?: number;

  constructor(facts: ApiErrorFacts, advice?: string) {
    super(describe(hasUnseenSecret() ? withoutItsWords(facts) : facts, advice));
    this.status = facts.status;
    this.method = facts.method;
    this.path = withoutSecrets(facts.path);
    if (facts.requestId !== undefined) this.requestId = withoutSecrets(facts.requestId);
    if (facts.detail !== undefined) this.detail = withoutSecrets(facts.detail);
    if (facts.code !== undefined) this.code = withoutSecrets(facts.code);
    if (facts.retryAfterMs !== undefined) this.retryAfterMs = facts.retryAfterMs;
  }
}

/** 400 or 422: the service refuses the request as it stands. */
export class BadRequestError extends ApiError {}
/** 401: the admin credential is not accepted. */
export class AuthenticationError extends ApiError {}
/** 402 or 403: the admin credential may not do this. Never proof that a key is gone. */
export class PermissionDeniedError extends ApiError {}
/** 404 or 410. Whether it proves that a key is gone is the backend's capability to say. */
export class NotFoundError extends ApiError {}
/** 409, or what the request declares as `conflict`: the name is taken, or the object is in a state that forbids the call. */
export class ConflictError extends ApiError {}
/** 429 beyond the connection's retry budget. */
export class RateLimitError extends ApiError {}
/** 5xx: the outcome of a write is unknown. */
export class ServerError extends ApiError {}

/** No complete answer arrived. `sent: false` proves that the service never saw the request. */
export class ConnectionError extends ProviderError {
  constructor(
    message: string,
    readonly sent: boolean,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** No answer within the deadline of one attempt. */
export class TimeoutError extends ConnectionError {
  constructor(message: string) {
    super(message, true);
  }
}

/** The answer arrived but is not what the vendor documents: HTML, cut JSON, a missing field. */
export class ResponseShapeError extends ProviderError {}

/**
 * The service has made a key, and its secret did not come and cannot be asked for: nobody can use that
 * key. Like any unclear create it is looked for, revoked, and made anew.
 */
export class SecretUnavailableError extends ResponseShapeError {}

/**
 * The service has made a key whose id holds the key's secret, or another one, so that no record could name
 * the key without telling it. It is revoked, and not made again: the next one would come out the same.
 */
export class ExposedSecretError extends ResponseShapeError {
  /** Out of sight: whoever prints or logs an error prints its properties. */
  readonly #id: string;

  constructor(message: string, id: string) {
    super(message);
    this.#id = id;
  }

  /** What the service calls the key. It must not be shown. */
  exposedId(): string {
    return this.#id;
  }
}

/**
 * It is unknown whether a key was made. `marker` is what to search for on the service;
 * `candidates` are keys that carry it.
 */
export class AmbiguousCreateError extends ProviderError {
  constructor(
    message: string,
    readonly marker: string,
    readonly candidates: readonly string[],
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

const tree = [
  ProviderError,
  InputError,
  ConfigError,
  ApiError,
  BadRequestError,
  AuthenticationError,
  PermissionDeniedError,
  NotFoundError,
  ConflictError,
  RateLimitError,
  ServerError,
  ConnectionError,
  TimeoutError,
  ResponseShapeError,
  SecretUnavailableError,
  AmbiguousCreateError,
];
for (const { name, prototype } of tree)
  Object.defineProperty(prototype, kinds, { value: [name, ...kindsOf(Object.getPrototypeOf(prototype))] });

function kindsOf(value: unknown): readonly string[] {
  const told: unknown =
    typeof value === "object" && value !== null ? (value as { [kinds]?: unknown })[kinds] : undefined;
  return Array.isArray(told) ? (told as string[]) : [];
}

/**
 * True where the service may have acted although we have no usable answer. An error that is none of
 * this tree is a slip in the code that reads the answer, so it proves nothing.
 */
export function isUnclear(error: unknown): boolean {
  if (error instanceof ConnectionError) return error.sent;
  return error instanceof ServerError || error instanceof ResponseShapeError || !(error instanceof ProviderError);
}

/** What failed in a step before the request that matters: that one was never sent, so nothing is unclear. */
export function notYetSent(step: string, error: unknown): unknown {
  if (!isUnclear(error)) return error;
  const told = `${step}. ${wordsOf(error)}`;
  // What answers a login in no known form is another service, or another version of it.
  if (error instanceof ResponseShapeError) return new ConfigError(told, { cause: error });
  return new ConnectionError(told, false, { cause: error });
}

/** Our own words; of any other error its name and what may be printed of its message. */
export function wordsOf(error: unknown): string {
  if (error instanceof ProviderError) return error.message;
  return error instanceof Error ? `Unexpected ${error.name}: ${redact(error.message)}.` : "An unexpected error.";
}

function withoutItsWords({ status, method, path }: ApiErrorFacts): ApiErrorFacts {
  return { status, method, path };
}

function describe(facts: ApiErrorFacts, advice?: string): string {
  // Some vendors end their words with a full stop; the sentence here has its own.
  const words = facts.detail ? `: ${facts.detail.replace(/[.\s]+$/, "")}` : "";
  const request = facts.requestId ? ` (request ${facts.requestId})` : "";
  return `${facts.method} ${facts.path} answered ${facts.status}${words}${request}.${advice ? ` ${advice}` : ""}`;
}
