/** Shapes of credentials that services echo in their errors: cut even when we never saw the value. */
const credentialShapes: readonly RegExp[] = [
  /\b(?:sk|pk|ply)_(?:live|test)_[A-Za-z0-9]{6,}/g,
  /\bZENKEY_[A-Za-z0-9+/=_-]+/g,
  /\b\d+\|[A-Za-z0-9]{20,}/g,
  /\bBearer\s+[A-Za-z0-9._~+/=-]+/gi,
  /\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g,
  /\$2[aby]\$\d\d\$[A-Za-z0-9./]{20,}/g,
];

const maxWords = 300;

/**
 * Vendor text made safe to print: one line, no control characters, at most 300 characters, and
 * without the given secrets or anything that looks like a credential.
 */
export function redact(text: string, secrets: readonly string[] = []): string {
  let safe = withoutSecrets(text, secrets);
  for (const shape of credentialShapes) safe = safe.replace(shape, "[redacted]");
  safe = safe.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+/g, " ").trim();
  return safe.length > maxWords ? `${safe.slice(0, maxWords)}…` : safe;
}

/** Our own sentences, which may be longer than a vendor's words, without the given secrets. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  let safe = text;
  // The longest first: what begins with another secret would keep its end.
  for (const secret of [...secrets].sort((a, b) => b.length - a.length)) {
    if (secret.length === 0) continue;
    // The vendor's words may hold the value escaped for JSON or for a URL.
    for (const form of new Set([
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(Buffer.from(secret).toString()),
    ]))
      safe = safe.split(form).join("[redacted]");
  }
  return safe;
}

/** What a value is, for messages that must not quote it: "a number", "a list of 2", "text of 12 characters". */
export function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  if (typeof value === "string")
    return value === "" ? "an empty text" : `a text of ${value.length} character${value.length === 1 ? "" : "s"}`;
  if (typeof value === "object") return "an object";
  return `a ${typeof value}`;
}
