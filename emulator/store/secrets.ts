import { hash, randomBytes } from "node:crypto";

const ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/** Bytes from here on would make the first characters of the alphabet more likely than the others. */
const UNBIASED_BELOW = 256 - (256 % ALPHANUMERIC.length);
const POOL_BYTES = 4096;

let pool = Buffer.alloc(0);

/** The only form in which an issued secret is stored. */
export function hashSecret(secret: string): string {
  return hash("sha256", secret);
}

export function randomHex(length: number): string {
  return takeBytes(length / 2).toString("hex");
}

export function randomAlphanumeric(length: number): string {
  let text = "";
  while (text.length < length) {
    for (const byte of takeBytes(length - text.length)) {
      if (byte < UNBIASED_BELOW) text += ALPHANUMERIC.charAt(byte % ALPHANUMERIC.length);
    }
  }
  return text;
}

/** Requesting a few bytes at a time from the system is most of the cost of a key, so many are requested at once. */
function takeBytes(count: number): Buffer {
  if (pool.length < count) pool = randomBytes(POOL_BYTES);
  const taken = pool.subarray(0, count);
  pool = pool.subarray(count);
  return taken;
}
