// eslint-disable-next-line no-restricted-imports -- the review's only import of Node: hashing is as pure as adding.
import { hash } from "node:crypto";

/** SHA-256 as lower-case hex. */
export function sha256(text: string): string {
  return hash("sha256", text, "hex");
}
