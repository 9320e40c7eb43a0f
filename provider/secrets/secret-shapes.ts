/**
 * What secrets look like. No vendor is named here: each backend declares the shape of its own keys
 * (`capabilities.secret.shape`). The shapes in this file belong to no vendor.
 */

interface Shape {
  readonly anywhere: RegExp;
  readonly whole: RegExp;
}

const declared = new Map<string, Shape>();

/** From now on, no message contains text of this shape. @param shape - a regular expression */
export function declareShape(shape: string): void {
  if (!declared.has(shape)) declared.set(shape, compiled(shape));
}

/** By their text: a review checks thousands of texts against the same few shapes. */
const compiledShapes = new Map<string, Shape>();

function compiled(shape: string): Shape {
  const known = compiledShapes.get(shape);
  if (known) return known;
  const bare = shape.replace(/^\^/, "").replace(/(^|[^\\])\$$/, "$1");
  const made = { anywhere: new RegExp(bare, "g"), whole: new RegExp(`^(?:${bare})$`, "d") };
  compiledShapes.set(shape, made);
  return made;
}

/** Whether a secret has the shape that its backend declares, from its first character to its last. */
export function hasShape(secret: string, shape: string): boolean {
  return compiled(shape).whole.test(secret);
}

/** The parts of a secret that its own service shows in clear, as offsets: the named groups of its shape, in order. */
export function publishedParts(secret: string): readonly (readonly [number, number])[] {
  for (const { whole } of declared.values()) {
    const groups = whole.exec(secret)?.indices?.groups;
    if (groups)
      return Object.values(groups)
        .filter((part) => part !== undefined)
        .sort(([a], [b]) => a - b);
  }
  return [];
}

/** The published part at the beginning of a secret, such as `acme_`; empty if it has none. */
export function publishedPrefix(secret: string): string {
  const [first] = publishedParts(secret);
  return first?.[0] === 0 ? secret.slice(0, first[1]) : "";
}

/** Calls back for each part of the text that looks like a credential of any vendor. */
export function findShapes(
  text: string,
  found: (start: number, end: number) => void,
  more: readonly string[] = [],
): void {
  const report = (pattern: RegExp) => {
    for (const match of text.matchAll(pattern)) if (match[0] !== "") found(match.index, match.index + match[0].length);
  };
  for (const { anywhere } of declared.values()) report(anywhere);
  for (const shape of more) report(compiled(shape).anywhere);
  for (const { 0: word, index } of text.matchAll(/[A-Za-z0-9_.-]+/g)) {
    const at = word.indexOf("eyJ");
    // A JSON Web Token: three parts, the first of which is a JSON object.
    if (at >= 0 && word.length - at >= 20 && word.includes(".", at)) found(index + at, index + word.length);
  }
  // A scheme and a credential. "a Bearer token" is not one.
  for (const { 0: pair, 1: word = "", index } of text.matchAll(/\b(?:Bearer|Basic)[ \t]+([A-Za-z0-9._~+/=-]+)/gi))
    if (word.length >= 8 && /[^A-Za-z]/.test(word.replace(/[.]+$/, ""))) found(index, index + pair.length);
  // A password hash, as crypt(3) writes it.
  for (const { 0: hash, index } of text.matchAll(/\$2[aby]\$\d\d\$[A-Za-z0-9./]{20,}/g))
    found(index, index + hash.length);
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const time = /^\d{4}-\d{2}-\d{2}T/;
const address = /^[a-z][a-z0-9+.-]*:\/\//i;

/** Words that nobody would write by hand: long, with letters and digits mixed at random. */
export function randomWords(text: string): string[] {
  return text
    .split(/[\s"'`<>()[\]{},;\\]+/)
    .map((word) => word.replace(/^[=:]+|[.:!?]+$/g, ""))
    .filter((word) => word.length >= 16 && !uuid.test(word) && !time.test(word) && !address.test(word))
    .filter((word) => word.split(/[^A-Za-z0-9]+/).some(isRandom));
}

function isRandom(piece: string): boolean {
  if (piece.length < 12 || !/\d/.test(piece) || !/[A-Za-z]/.test(piece)) return false;
  const isMixed = /[a-z]/.test(piece) && /[A-Z]/.test(piece);
  return isMixed || piece.replace(/\D/g, "").length >= 4;
}

const secretName =
  /(?:secret|passw(?:or)?d|passphrase|token|credential|key|jwt|bearer|pat|pwd|auth)s?(?:[_-]?value)?$/i;
/** Such a field contains a name, a URL or a time, whatever it looks like. */
const idName =
  /(?:^|[_-])(?:id|uid|uuid|guid|name|type|url|uri|href|at|time|created|updated|expires|scope|status)s?$|[a-z](?:Id|Name|Type|Url|At)$/;

/**
 * What may be a secret in an answer: text in fields with such names, and text that looks random. Text from the request
 * itself does not count.
 */
export function secretLike(answer: unknown, request: string): string[] {
  const found: string[] = [];
  const look = (name: string, value: unknown, depth: number): void => {
    if (found.length >= mostSuspects || depth > deepest) return;
    if (typeof value === "string") {
      if (value.length < 8 || idName.test(name) || request.includes(value)) return;
      if (secretName.test(name) && !/\s/.test(value)) found.push(value);
      else if (value.length <= 4096) found.push(...randomWords(value).filter((word) => !request.includes(word)));
    } else if (Array.isArray(value)) for (const each of value) look(name, each, depth + 1);
    else if (typeof value === "object" && value !== null)
      for (const [inner, each] of Object.entries(value)) look(inner, each, depth + 1);
  };
  look("", answer, 0);
  return found.slice(0, mostSuspects);
}

const mostSuspects = 32;
const deepest = 12;
