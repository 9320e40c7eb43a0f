import type { Answer } from "./answer";
import { Fields } from "./fields";

/** What answers below a path. Handling is synchronous, so no two requests ever interleave. */
export interface Endpoint {
  readonly basePath: string;
  /** `call.path` is relative to `basePath`. */
  readonly handle: (call: Call) => Answer;
  /** An error that the HTTP layer found (404, 413, 500, injected ones), in the endpoint's envelope. */
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

/** One request, as a service sees it. */
export class Call {
  /** The key that the request is about or was authenticated by; for the request log. */
  keyId: string | null = null;

  readonly method: string;
  readonly path: string;
  /** Scheme, host and base path: what the caller put before `path`. */
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

  /** The body's fields; throws InvalidField where it is no JSON object. */
  get fields(): Fields {
    return Fields.parse(this.#bodyText);
  }
}

/**
 * Whether the scopes held include the one wanted. `noun:*` covers its noun; `everything` is the
 * vendor's word for all of them.
 */
export function covers(held: readonly string[], wanted: string, everything?: string): boolean {
  return held.some(
    (scope) =>
      scope === wanted || scope === everything || (scope.endsWith(":*") && wanted.startsWith(scope.slice(0, -1))),
  );
}
