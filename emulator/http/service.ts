import type { Answer } from "./answer";
import { Fields } from "./fields";

/** Handles the requests below a path. Handling is synchronous, so no two requests ever interleave. */
export interface Endpoint {
  readonly basePath: string;
  /** `call.path` is relative to `basePath`. */
  readonly handle: (call: Call) => Answer;
  /** An error of the HTTP layer (404, 413, 500, injected ones), in the endpoint's form. */
  readonly problem: (status: number, message: string) => Answer;
}

/** An emulated service; its base path is the vendor's documented one, version included. */
export interface Service extends Endpoint {
  readonly name: string;
}

export interface CallFacts {
  readonly method: string;
  readonly path: string;
  readonly baseUrl: string;
  readonly ip: string;
  readonly queryText: string;
  readonly authorization: string | undefined;
  readonly bodyText: string;
}

/** One request to a service. */
export class Call {
  /** The key that the request is about or that authenticated it; for the request log. */
  keyId: string | null = null;

  readonly method: string;
  readonly path: string;
  /** Scheme, host and base path: the part of the URL before `path`. */
  readonly baseUrl: string;
  readonly ip: string;
  readonly #queryText: string;
  readonly #authorization: string | undefined;
  readonly #bodyText: string;

  constructor(facts: CallFacts) {
    this.method = facts.method;
    this.path = facts.path;
    this.baseUrl = facts.baseUrl;
    this.ip = facts.ip;
    this.#queryText = facts.queryText;
    this.#authorization = facts.authorization;
    this.#bodyText = facts.bodyText;
  }

  get query(): URLSearchParams {
    return new URLSearchParams(this.#queryText);
  }

  get bearer(): string | undefined {
    return /^Bearer +(\S+)$/i.exec(this.#authorization ?? "")?.[1];
  }

  /** The body's fields; throws InvalidField if it is not a JSON object. */
  get fields(): Fields {
    return Fields.parse(this.#bodyText);
  }
}

/**
 * True if the held scopes include the wanted one. `noun:*` covers its noun; `everything` is the vendor's word for all
 * scopes.
 */
export function covers(held: readonly string[], wanted: string, everything?: string): boolean {
  return held.some(
    (scope) =>
      scope === wanted || scope === everything || (scope.endsWith(":*") && wanted.startsWith(scope.slice(0, -1))),
  );
}
