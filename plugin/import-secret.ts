/** The secret of a key that is imported: `pulumi import` has no place for one. */
import { readFileSync } from "node:fs";

const inline = "APIKEYS_IMPORT_SECRET";
const byFile = "APIKEYS_IMPORT_SECRET_FILE";

/** Undefined where nobody gave one. One line end after it is no part of it. */
export function importSecret(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const { [inline]: text, [byFile]: file } = env;
  if (text !== undefined && file !== undefined)
    throw new Error(`${inline} and ${byFile} are both set; set one of them`);
  if (file === undefined) return text === "" ? undefined : text;
  try {
    return readFileSync(file, "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    throw new Error(`the file that ${byFile} names cannot be read (${String((error as NodeJS.ErrnoException).code)})`, {
      cause: error,
    });
  }
}
