import { FAULT_KINDS, type Fault, type FaultKind } from "../http/faults";
import { InvalidField, type Fields } from "../http/fields";

const SENDING_KINDS: ReadonlySet<FaultKind> = new Set(["status", "garbage"]);
const DEFAULT_DELAY_MS: Partial<Record<FaultKind, number>> = { delay: 1_000 };

/** Reads a fault that a test sends; throws InvalidField. */
export function readFault(fields: Fields, services: readonly string[]): Fault {
  fields.allowOnly("kind", "service", "method", "path", "times", "status", "headers", "body", "delayMs");
  const kind = fields.oneOf("kind", FAULT_KINDS);
  for (const field of ["status", "headers", "body"]) {
    if (!SENDING_KINDS.has(kind) && fields.has(field)) throw new InvalidField(field, `has no meaning for ${kind}`);
  }
  return {
    kind,
    ...(fields.has("service") ? { service: fields.oneOf("service", services) } : {}),
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
