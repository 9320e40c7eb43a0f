import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** The files of a checkout, by their paths. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** Writes a checkout with these files, and with the folder of the project, in the place of an earlier one. */
export function writeCheckout(root: string, files: Files): string {
  rmSync(root, { recursive: true, force: true });
  mkdirSync(`${root}/infra`, { recursive: true });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(`${root}/${path}`), { recursive: true });
    writeFileSync(`${root}/${path}`, text);
  }
  return root;
}
