/** Properties as the engine sends and wants them: secrets are marked, and what is not known yet is a text of its own. */
import type { JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { asSecret, isSecret } from "../provider/values/wire";

export type Properties = Readonly<Record<string, unknown>>;

/** What arrived: plain values, and the names of those that are secret or hold a secret. */
export interface Received {
  readonly values: Properties;
  readonly secrets: ReadonlySet<string>;
}

/** Absent values, and those of other languages' `null`, are left out. */
export function received(struct: Struct | undefined): Received {
  const marked = struct ? Object.entries(struct.toJavaScript()).filter(([, value]) => value !== null) : [];
  return {
    values: Object.fromEntries(marked.map(([name, value]) => [name, plain(value)])),
    secrets: new Set(
      marked.filter(([name, value]) => holdsSecret(withoutOwnSecret(name, value))).map(([name]) => name),
    ),
  };
}

/** What goes out. The properties of these names are secret, whatever has become of their mark on the way. */
export function sent(values: object, secrets: ReadonlySet<string> = new Set()): Struct {
  const marked = Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, secrets.has(name) ? secretly(value) : withOwnSecret(name, value)] as const);
  // Absent values of inner records go this way, too.
  const text = JSON.stringify(Object.fromEntries(marked));
  return Struct.fromJavaScript(JSON.parse(text) as Record<string, JavaScriptValue>);
}

/** `adopt` says which key it is, which a review reads, and may hold the key's secret, which nobody reads. */
function withOwnSecret(name: string, value: unknown): unknown {
  return holdsOwnSecret(name, value) ? { ...value, secret: secretly(value.secret) } : value;
}

function withoutOwnSecret(name: string, value: unknown): unknown {
  if (!holdsOwnSecret(name, value)) return value;
  const { secret: _own, ...rest } = value;
  return rest;
}

function holdsOwnSecret(name: string, value: unknown): value is { readonly secret: unknown } {
  if (name !== "adopt" || typeof value !== "object" || value === null || isSecret(value)) return false;
  return (value as { readonly secret?: unknown }).secret !== undefined;
}

function secretly(value: unknown): unknown {
  return typeof value === "object" && value !== null && isSecret(value) ? value : asSecret(value);
}

/** Without the marks, at any depth. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  if (isSecret(value)) return plain((value as { value?: unknown }).value);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}

function holdsSecret(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return isSecret(value) || Object.values(value).some(holdsSecret);
}
