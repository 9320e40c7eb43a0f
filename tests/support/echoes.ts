/** How a service may write a secret that it repeats, and what of it a reader could still find. */

const piece = 8;

/** Ways to write a secret, each told in the words of a test's title. */
export function echoesOf(secret: string): Readonly<Record<string, string>> {
  const bytes = Buffer.from(secret);
  const half = Math.ceil(secret.length / 2);
  const base64 = (before: string) => Buffer.concat([Buffer.from(before), bytes]).toString("base64");
  const between = (filling: string) => Array.from(secret).join(filling);
  return {
    "as it is": secret,
    "after its scheme": `Bearer ${secret}`,
    "as JSON": JSON.stringify(secret),
    "as JSON in JSON": JSON.stringify(JSON.stringify(secret)),
    "in JSON's escapes": Array.from(secret)
      .map((each) => `\\u${hex(each.charCodeAt(0), 4)}`)
      .join(""),
    "in a URL": encodeURIComponent(secret.toWellFormed()),
    "in a URL in a URL": encodeURIComponent(encodeURIComponent(secret.toWellFormed())),
    "in a form": new URLSearchParams({ value: secret }).toString(),
    "in percent signs": [...bytes].map((byte) => `%${hex(byte, 2)}`).join(""),
    "in HTML": secret.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`),
    "in HTML's numbers": Array.from(secret)
      .map((each) => `&#x${hex(each.codePointAt(0) ?? 0, 2)};`)
      .join(""),
    "in base64": base64(""),
    "in base64 after one character": base64("x"),
    "in base64 after two characters": base64("xy"),
    "in base64 for URLs": bytes.toString("base64url"),
    "as a login in base64": base64("admin:"),
    "in hexadecimal": bytes.toString("hex"),
    "as a dump of its bytes": [...bytes].map((byte) => hex(byte, 2)).join(":"),
    "as the bytes of a program": [...bytes].map((byte) => `0x${hex(byte, 2)}`).join(", "),
    "as a list of numbers": JSON.stringify([...bytes]),
    "in octal escapes": [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join(""),
    "as bits": [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join(" "),
    "as a mail has it": [...bytes].map((byte) => `=${hex(byte, 2).toUpperCase()}`).join(""),
    "in the percent signs of scripts": Array.from(secret)
      .map((each) => `%u${hex(each.charCodeAt(0), 4)}`)
      .join(""),
    "in UTF-16 in base64": Buffer.from(secret, "utf16le").toString("base64"),
    "in UTF-16 in hexadecimal": Buffer.from(secret, "utf16le").toString("hex"),
    "in base64 twice": Buffer.from(base64("")).toString("base64"),
    "in base64 on short lines": base64("").replace(/.{8}/g, "$&\r\n"),
    "in hexadecimal in base64": Buffer.from(bytes.toString("hex")).toString("base64"),
    "on lines of seven": pieces(secret, 7).join("\n"),
    "on numbered lines": pieces(secret, 7)
      .map((line, at) => `${at}: ${line}`)
      .join("\n"),
    "as a list of letters": JSON.stringify(Array.from(secret)),
    "as an object of letters": JSON.stringify(Object.fromEntries(Object.entries(Array.from(secret)))),
    "with dots between": between("."),
    "with HTML's soft hyphens between": between("&shy;"),
    "with tags between": between("<wbr>"),
    "with a terminal's titles between": between("\u001b]0;t\u0007"),
    "in wide letters": secret.replace(/[!-~]/g, (each) => String.fromCharCode(each.charCodeAt(0) + 0xfee0)),
    "in letters that nobody sees": secret.replace(/[!-~]/g, (each) =>
      String.fromCodePoint(each.charCodeAt(0) + 0xe0000),
    ),
    backwards: Array.from(secret).reverse().join(""),
    "in large hexadecimal": bytes.toString("hex").toUpperCase(),
    "in large letters": secret.toUpperCase(),
    "in small letters": secret.toLowerCase(),
    "cut short": `${secret.slice(0, Math.max(piece, secret.length - 3))}...`,
    "by its end": `...${secret.slice(-Math.max(piece, half))}`,
    "inside itself": secret.slice(0, half) + secret + secret.slice(half),
    twice: secret + secret,
    "with zeros between": between("\0"),
    "with soft hyphens between": between("\u00ad"),
    "with nothing visible between": between("\u200b"),
    "with a change of direction between": between("\u202e"),
    "with colours between": between("\u001b[31m"),
    "with blanks between": between(" "),
    "on two lines": `${secret.slice(0, half)}\r\n${secret.slice(half)}`,
    "far from the beginning": `${"words, ".repeat(100)}${secret}`,
  };
}

function pieces(text: string, length: number): string[] {
  return text.match(new RegExp(`[^]{1,${length}}`, "g")) ?? [];
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}

/** What a reader would try: the text as it is, without what is between the letters, and what it says in other words. */
function readingsOf(text: string): string[] {
  const bare = text.replace(/\\u(?:0000|00ad|200b|202e|001b\[31m|001b\]0;t\\u0007)/g, "");
  const seen = text
    .replace(/\\u\{e00([0-9a-f]{2})\}/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)))
    .normalize("NFKC");
  const unmarked = text.replace(/&shy;|<wbr>/g, "");
  const unnumbered = text.replace(/"?(?<!\d)\d{1,4}"?: ?/g, "");
  const readings = [
    text,
    bare,
    seen,
    unmarked,
    unnumbered,
    bare.replace(/\s+/g, ""),
    text.replace(/[\p{Cc}\p{Cf}]/gu, ""),
  ];
  const base64 = [text, text.replace(/\s+/g, "")].flatMap((each) => each.match(/[A-Za-z0-9+/_-]{11,}/g) ?? []);
  for (const found of base64)
    for (const skip of [0, 1, 2, 3]) readings.push(Buffer.from(found.slice(skip), "base64").toString("latin1"));
  for (const reading of [...readings])
    for (const found of reading.replace(/0x|\\|[%=]u?|[:,\s]/gi, "").match(/(?:[0-9a-f]{2}){8,}/gi) ?? [])
      readings.push(Buffer.from(found, "hex").toString("latin1"));
  for (const found of [...readings].flatMap((each) => each.match(/^[A-Za-z0-9+/]{16,}/) ?? []))
    readings.push(Buffer.from(found, "base64").toString("latin1"));
  for (const [digits, base] of [
    [/\d+/g, 10],
    [/[0-7]{3}/g, 8],
    [/[01]{8}/g, 2],
  ] as const)
    readings.push((text.match(digits) ?? []).map((each) => String.fromCharCode(parseInt(each, base))).join(""));
  for (const decode of [decodeURIComponent, (each: string) => JSON.parse(`"${each}"`) as string])
    try {
      readings.push(decode(text));
    } catch {
      // Not written so.
    }
  return [...readings, Array.from(text).reverse().join("")].map((reading) => reading.replaceAll("\0", ""));
}

/** Every run of eight characters of the secrets that a reader finds in the text; blanks alone tell nothing. */
export function windowsIn(text: string, ...secrets: readonly string[]): string[] {
  const reading = readingsOf(text).join("\n").toLowerCase();
  const letters = lettersOf(reading.replaceAll("[redacted]", "\n"));
  const found = new Set<string>();
  for (const secret of secrets) {
    for (const window of pieceWindows(secret.toLowerCase()))
      if (window.trim().length === piece && reading.includes(window)) found.add(window);
    for (const window of pieceWindows(lettersOf(secret.toLowerCase()))) if (letters.includes(window)) found.add(window);
  }
  return [...found];
}

/** Whatever may stand between them. */
function lettersOf(text: string): string {
  return text.replace(/[^a-z0-9\n]/g, "");
}

function pieceWindows(text: string): string[] {
  return Array.from({ length: Math.max(0, text.length - piece + 1) }, (_, at) => text.slice(at, at + piece));
}
