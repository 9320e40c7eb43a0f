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

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}

/** What a reader would try: the text as it is, without what is between the letters, and what it says in other words. */
function readingsOf(text: string): string[] {
  const bare = text.replace(/\\u(?:0000|00ad|200b|202e|001b\[31m)/g, "");
  const readings = [text, bare, bare.replace(/\s+/g, ""), text.replace(/[\p{Cc}\p{Cf}]/gu, "")];
  const base64 = text.match(/[A-Za-z0-9+/_-]{11,}/g) ?? [];
  const hexadecimal = text.match(/(?:[0-9a-f]{2}){8,}/gi) ?? [];
  for (const found of base64)
    for (const skip of [0, 1, 2, 3]) readings.push(Buffer.from(found.slice(skip), "base64").toString("utf8"));
  for (const found of hexadecimal) readings.push(Buffer.from(found, "hex").toString("utf8"));
  for (const decode of [decodeURIComponent, (each: string) => JSON.parse(`"${each}"`) as string])
    try {
      readings.push(decode(text));
    } catch {
      // Not written so.
    }
  return readings;
}

/** Every run of eight characters of the secrets that a reader finds in the text; blanks alone tell nothing. */
export function windowsIn(text: string, ...secrets: readonly string[]): string[] {
  const reading = readingsOf(text).join("\n").toLowerCase();
  const found = new Set<string>();
  for (const secret of secrets)
    for (let at = 0; at + piece <= secret.length; at += 1) {
      const window = secret.slice(at, at + piece).toLowerCase();
      if (window.trim().length === piece && reading.includes(window)) found.add(window);
    }
  return [...found];
}
