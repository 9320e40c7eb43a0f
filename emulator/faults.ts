import { Fields, InvalidField } from "./fields";
import { SERVICE_NAMES, type ServiceName } from "./service-names";

export const FAULT_KINDS = ["status", "drop-before", "drop-after-commit", "delay", "truncate", "garbage"] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

const SENDING_KINDS: ReadonlySet<FaultKind> = new Set(["status", "garbage"]);
const DEFAULT_DELAY_MS: Partial<Record<FaultKind, number>> = { delay: 1_000 };

/** What goes wrong with the next requests that match. */
export interface Fault {
  readonly kind: FaultKind;
  readonly service?: ServiceName;
  readonly method?: string;
  /** Searched in the whole path, the service's base included, the query excluded. */
  readonly path?: RegExp;
  /** Matching requests still to be hit. */
  times: number;
  /** What is sent: instead of doing anything (`status`, there 500 unless given), or after it (`garbage`). */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A string is sent as it is, anything else as JSON. */
  readonly body?: unknown;
  /** How long the request waits before anything else; a second for `delay`, nothing for the others. */
  readonly delayMs: number;
}

/** The faults that tests have ordered; the first that matches a request takes it. */
export class Faults {
  #faults: Fault[] = [];

  add(fault: Fault): void {
    this.#faults.push(fault);
  }

  clear(): void {
    this.#faults = [];
  }

  list(): readonly Fault[] {
    return this.#faults;
  }

  /** The fault that hits this request, counted down. */
  take(service: ServiceName, method: string, path: string): Fault | undefined {
    if (this.#faults.length === 0) return undefined;
    const hit = this.#faults.find(
      (fault) =>
        (fault.service === undefined || fault.service === service) &&
        (fault.method === undefined || fault.method === method) &&
        (fault.path === undefined || fault.path.test(path)),
    );
    if (hit && --hit.times === 0) this.#faults = this.#faults.filter((fault) => fault !== hit);
    return hit;
  }
}

/** Reads what a test sends; throws InvalidField. */
export function readFault(fields: Fields): Fault {
  fields.allowOnly("kind", "service", "method", "path", "times", "status", "headers", "body", "delayMs");
  const kind = fields.oneOf("kind", FAULT_KINDS);
  for (const field of ["status", "headers", "body"]) {
    if (!SENDING_KINDS.has(kind) && fields.has(field)) throw new InvalidField(field, `has no meaning for ${kind}`);
  }
  return {
    kind,
    ...(fields.has("service") ? { service: fields.oneOf("service", SERVICE_NAMES) } : {}),
    ...(fields.has("method") ? { method: fields.text("method").toUpperCase() } : {}),
    ...(fields.has("path") ? { path: readPattern(fields.text("path")) } : {}),
    times: fields.has("times") ? fields.integer("times", { min: 1, max: 1_000_000_000 }) : 1,
    ...(fields.has("status") ? { status: fields.integer("status", { min: 200, max: 599 }) } : {}),
    ...(fields.has("headers") ? { headers: readHeaders(fields.value("headers")) } : {}),
    ...(fields.has("body") ? { body: fields.value("body") } : {}),
    delayMs: fields.has("delayMs")
      ? fields.integer("delayMs", { min: 0, max: 3_600_000 })
      : (DEFAULT_DELAY_MS[kind] ?? 0),
  };
}

function readPattern(source: string): RegExp {
  try {
    return new RegExp(source);
  } catch (error) {
    throw new InvalidField("path", `must be a regular expression: ${(error as Error).message}`);
  }
}

function readHeaders(input: unknown): Record<string, string> {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw new InvalidField("headers", "must be an object of names and values");
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(input)) {
    const text = typeof value === "number" ? String(value) : (value as unknown);
    if (!/^[\w-]+$/.test(name) || typeof text !== "string" || !/^[\t\x20-\x7e]*$/.test(text)) {
      throw new InvalidField("headers", `holds ${JSON.stringify(name)}, which cannot be sent`);
    }
    headers[name] = text;
  }
  return headers;
}
