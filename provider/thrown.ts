/** What a backend throws: its author's code may throw anything, and reading it must not throw again. */
import { types } from "node:util";
import { ApiError, ConnectionError, ProviderError } from "./errors";
import { kindOf } from "./secrets/redact";

/** The thrown value as an error whose name, message and stack are text. An error of this package stays itself. */
export function asThrown(thrown: unknown): Error {
  if (typeof thrown === "string") return new Error(thrown);
  // A proxy may throw at every look.
  if (types.isProxy(thrown)) return new Error("it threw an object");
  if (!types.isNativeError(thrown)) return new Error(`it threw ${kindOf(thrown)}`);
  const message = textOf(() => thrown.message);
  if (message !== undefined && thrown instanceof ProviderError && isWhole(thrown)) return thrown;
  const error = new Error(message ?? "its message is not text");
  error.name = textOf(() => thrown.name) ?? "Error";
  error.stack = textOf(() => thrown.stack) ?? "";
  return error;
}

/** False for an error that lacks what the lifecycle decides by. */
function isWhole(error: ProviderError): boolean {
  if (error instanceof ConnectionError) return typeof error.sent === "boolean";
  return !(error instanceof ApiError) || typeof error.status === "number";
}

function textOf(read: () => unknown): string | undefined {
  try {
    const value = read();
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}
