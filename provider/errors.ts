/**
 * Every error that a backend may throw and that a user may read. A message says what failed, where, and what to do.
 * When it is built, every part that it shares with a known secret is removed. Vendor text also passes through `redact`,
 * which cuts it and recognizes the shapes of secrets.
 */

import { redact, withoutSecrets } from "./secrets/redact";
import { hasUnseenSecret } from "./secrets/unseen-secret";

/** The names of this tree's classes that an error belongs to, on the prototype of each class. */
const kinds = Symbol.for("pulumi-apikeys.error");

/**
 * Root of the tree: every error that this package raises on purpose. `instanceof` compares class names, so errors from
 * a backend with its own copy of this package are recognized.
 */
export class ProviderError extends Error {
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
    // A class that someone derived from one of these is not part of the tree; only its own instances match it.
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
  /** The vendor's request id, if it sent one. */
  readonly requestId?: string;
  /** The vendor's own words, cut and redacted. */
  readonly detail?: string;
  /** The vendor's machine-readable code, if the answer has one. */
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
/** 404 or 410. The backend's capabilities say whether it proves that a key is gone. */
export class NotFoundError extends ApiError {}
/**
 * 409, or a refusal that matches the request's `conflict`: the name is taken, or the object's state forbids the call.
 */
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

/** No answer within the time limit of one attempt. */
export class TimeoutError extends ConnectionError {
  constructor(message: string) {
    super(message, true);
  }
}

/** The answer arrived but is not what the vendor documents: HTML, cut JSON, a missing field. */
export class ResponseShapeError extends ProviderError {}

/**
 * The service made a key, but its secret did not arrive and cannot be requested again, so nobody can use the key. As
 * after any unclear create, the lifecycle looks for it, revokes it, and makes another.
 */
export class SecretUnavailableError extends ResponseShapeError {}

/**
 * The service made a key whose id contains the key's secret, or another secret, so no record could name the key without
 * revealing it. The key is revoked and not made again: the next one would look the same.
 */
export class ExposedSecretError extends ResponseShapeError {
  /** Private, because code that prints or logs an error prints its properties. */
  readonly #id: string;

  constructor(message: string, id: string) {
    super(message);
    this.#id = id;
  }

  /** The key's id on the service. It must not be shown. */
  exposedId(): string {
    return this.#id;
  }
}

/**
 * It is unknown whether a key was made. `marker` is the text to search for on the service; `candidates` are keys that
 * have it.
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
 * True if the service may have acted although there is no usable answer. An error outside this tree is a bug in the
 * code that reads the answer, so it proves nothing.
 */
export function isUnclear(error: unknown): boolean {
  if (error instanceof ConnectionError) return error.sent;
  return error instanceof ServerError || error instanceof ResponseShapeError || !(error instanceof ProviderError);
}

/** An error from a step before the request that matters. That request was never sent, so nothing is unclear. */
export function notYetSent(step: string, error: unknown): unknown {
  if (!isUnclear(error)) return error;
  const told = `${step}. ${wordsOf(error)}`;
  // A login answer in an unknown form comes from another service, or another version of it.
  if (error instanceof ResponseShapeError) return new ConfigError(told, { cause: error });
  return new ConnectionError(told, false, { cause: error });
}

/** The message of our own errors; for any other error, its name and the printable part of its message. */
export function wordsOf(error: unknown): string {
  if (error instanceof ProviderError) return error.message;
  return error instanceof Error ? `Unexpected ${error.name}: ${redact(error.message)}.` : "An unexpected error.";
}

function withoutItsWords({ status, method, path }: ApiErrorFacts): ApiErrorFacts {
  return { status, method, path };
}

function describe(facts: ApiErrorFacts, advice?: string): string {
  // Some vendors end their text with a full stop; this sentence adds its own.
  const words = facts.detail ? `: ${facts.detail.replace(/[.\s]+$/, "")}` : "";
  const request = facts.requestId ? ` (request ${facts.requestId})` : "";
  return `${facts.method} ${facts.path} answered ${facts.status}${words}${request}.${advice ? ` ${advice}` : ""}`;
}
