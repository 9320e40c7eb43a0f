/**
 * All readings of a text in which someone could find a secret: the text itself in any spelling, and what its numbers or
 * its base64 say. A secret that comes back in such a form is rarely hidden on purpose: a list of bytes, a text that was
 * taken for a list of letters, UTF-16 that was taken for bytes.
 */
import { pieceLength } from "./piece-set";
import { filtered, type View, ViewBuilder, viewsOf } from "./redact-view";

/** All readings of a text, in lower case. Each byte knows the characters that it comes from. */
export function readingsOf(text: string): readonly View[] {
  const known = recent.get(text);
  if (known) return known;
  const readings = viewsOf(text).flatMap((view) => [...formsOf(view), ...decoded(view).flatMap(formsOf)]);
  const lower = readings.map((view) => ({ ...view, bytes: view.bytes.toLowerCase() }));
  if (recent.size >= mostRecent || text.length > longestRecent) recent.clear();
  recent.set(text, lower);
  return lower;
}

/** One text is compared with several sets of secrets in sequence, and a status or a scope for one key after another. */
const recent = new Map<string, readonly View[]>();
const mostRecent = 32;
const longestRecent = 128;

/** The view as it is, without blanks that spread it out, and as letters and digits only. */
export function formsOf(view: View): View[] {
  if (/^[A-Za-z0-9]*$/.test(view.bytes)) return [view];
  const unnumbered = withoutNumbering(view);
  const forms = [view, bare(view), ...(unnumbered ? [bare(unnumbered)] : [])];
  const spread = view.bytes.includes(" ") ? filtered(view, (code) => code !== 0x20) : view;
  if (spread !== view) forms.push(spread);
  // In form encoding, a plus stands for a blank.
  if (view.bytes.includes("+")) forms.push(filtered(spread, (code) => code !== 0x2b));
  return forms;
}

/** Letters and digits only, whatever is between them and in either base64 alphabet. */
function bare(view: View): View {
  return filtered(view, (code) => (signs[code] ?? 62) < 62);
}

/** The view without list numbers, as they appear when a text was taken for a list: `{"0":"s","1":"k"}`. */
function withoutNumbering(view: View): View | undefined {
  const numbers = [...view.bytes.matchAll(/(?<!\d)\d{1,4}["'\])]{0,2} ?[:=]/g)];
  return numbers.length < 2 ? undefined : without(view, numbers);
}

function without(view: View, matches: readonly RegExpExecArray[]): View {
  const left = new Set<number>();
  for (const { 0: match, index } of matches) for (let at = 0; at < match.length; at += 1) left.add(index + at);
  return left.size === 0 ? view : filtered(view, (_, at) => !left.has(at));
}

/** How many characters of a secret reveal something about it. A shorter run appears in any text by chance. */
export const windowLength = pieceLength;
/** Fewest letters of base64, and digits of hexadecimal, for one run of that length. */
const fewestLetters = 11;
const fewestDigits = 16;

/** What a view says in base64, in hexadecimal and in numbers. */
function decoded(view: View): View[] {
  const letters = filtered(view, (code) => signs[code] !== undefined);
  const unmarked = without(view, [...view.bytes.matchAll(/0x(?=[0-9a-f]{2})/gi)]);
  const digits = filtered(unmarked, (code) => hexadecimal[code] !== undefined);
  return [
    ...(letters.bytes.length >= fewestLetters ? [0, 1, 2, 3].map((from) => fromDigits(letters, from, 6)) : []),
    ...(digits.bytes.length >= fewestDigits ? [0, 1].map((from) => fromDigits(digits, from, 4)) : []),
    ...[10, 8, 2].map((base) => fromNumbers(view, base)).filter(({ bytes }) => bytes.length >= windowLength),
  ];
}

/** The value of each character of an alphabet, by its code. */
type Values = readonly (number | undefined)[];

function valuesOf(...alphabets: readonly string[]): Values {
  const values: number[] = [];
  for (const alphabet of alphabets)
    Array.from(alphabet).forEach((sign, value) => {
      values[sign.charCodeAt(0)] = value;
    });
  return values;
}

const hexadecimal = valuesOf("0123456789abcdef", "0123456789ABCDEF");
const lettersAndDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const signs = valuesOf(`${lettersAndDigits}+/`, `${lettersAndDigits}-_`);

/**
 * The bytes that the digits say, read from the given digit on, with so many bits each. Zeros of UTF-16 are left out.
 */
function fromDigits({ bytes, starts, ends }: View, from: number, bits: 4 | 6): View {
  const values = bits === 4 ? hexadecimal : signs;
  const builder = new ViewBuilder();
  let pending = 0;
  for (let at = from, read = bits as number, told = 0; at < bytes.length; at += 1, read += bits) {
    pending = ((pending << bits) | (values[bytes.charCodeAt(at)] ?? 0)) & 0xffff;
    const over = read - 8 * (told + 1);
    if (over < 0) continue;
    builder.byte((pending >> over) & 0xff, starts[from + Math.floor((8 * told) / bits)] ?? 0, ends[at] ?? 0);
    told += 1;
  }
  return builder.done();
}

/** The characters whose numbers are in the text: `[115, 107]`, `&#115;`, `\163`, `01110011`. */
function fromNumbers({ bytes, starts, ends }: View, base: number): View {
  const builder = new ViewBuilder();
  const digits = base === 10 ? /\d+/g : base === 8 ? /[0-7]{3}/g : /[01]{8}/g;
  for (const { 0: number, index } of bytes.matchAll(digits)) {
    const value = parseInt(number, base);
    if (value < 0x100) builder.byte(value, starts[index] ?? 0, ends[index + number.length - 1] ?? 0);
  }
  return builder.done();
}
