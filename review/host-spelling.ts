/** Hosts that look like others: shows an origin as it is, and its hidden characters beside it. */

/** The characters beyond ASCII in an origin's host, as `U+0430 U+0440`; undefined where there are none. */
export function hiddenLetters(origin: string): string | undefined {
  const host = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(origin)?.[1] ?? origin;
  const letters = host.split(".").flatMap((label) => Array.from(decoded(label)).filter((letter) => letter > "\x7f"));
  if (letters.length === 0) return undefined;
  return [...new Set(letters)].map((letter) => `U+${hex(letter)}`).join(" ");
}

function hex(letter: string): string {
  return (letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
}

function decoded(label: string): string {
  if (!/^xn--/i.test(label)) return label;
  // A label that is not valid punycode is shown as a character that no host contains.
  return decodePunycode(label.slice(4)) ?? "\uFFFD";
}

const base = 36;
const tMin = 1;
const tMax = 26;
const skew = 38;
const damp = 700;

/** RFC 3492, section 6.2. Undefined if the text is not valid. */
export function decodePunycode(text: string): string | undefined {
  const basicEnd = Math.max(0, text.lastIndexOf("-"));
  const output = Array.from(text.slice(0, basicEnd)).map((letter) => letter.codePointAt(0) ?? 0);
  let codePoint = 128;
  let position = 0;
  let bias = 72;
  for (let at = basicEnd > 0 ? basicEnd + 1 : 0; at < text.length;) {
    const start = position;
    for (let weight = 1, k = base; ; k += base) {
      const digit = digitOf(text.charCodeAt(at));
      at += 1;
      if (digit === undefined) return undefined;
      position += digit * weight;
      const threshold = Math.min(tMax, Math.max(tMin, k - bias));
      if (digit < threshold) break;
      weight *= base - threshold;
      if (weight > 0x7fffffff) return undefined;
    }
    const length = output.length + 1;
    bias = adapted(position - start, length, start === 0);
    codePoint += Math.floor(position / length);
    position %= length;
    if (codePoint > 0x10ffff) return undefined;
    output.splice(position, 0, codePoint);
    position += 1;
  }
  return String.fromCodePoint(...output);
}

function digitOf(code: number): number | undefined {
  if (code >= 0x30 && code <= 0x39) return code - 0x30 + 26;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x7a ? lower - 0x61 : undefined;
}

function adapted(delta: number, length: number, isFirst: boolean): number {
  let rest = isFirst ? Math.floor(delta / damp) : Math.floor(delta / 2);
  rest += Math.floor(rest / length);
  let k = 0;
  for (; rest > ((base - tMin) * tMax) / 2; k += base) rest = Math.floor(rest / (base - tMin));
  return k + Math.floor(((base - tMin + 1) * rest) / (rest + skew));
}
