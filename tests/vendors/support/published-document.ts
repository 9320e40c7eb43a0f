import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** What a vendor publishes of its API, in OpenAPI 3. */
export interface PublishedDocument {
  readonly file: string;
  readonly content: JsonObject;
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** Beside the checkout: the documents are other people's text, and are never part of it. */
const besideTheCheckout = resolve(__dirname, "../../../../shared/openapi");

/** The vendor's document, or why there is none. */
export function publishedDocument(vendor: string): PublishedDocument | { readonly missing: string } {
  const directory = process.env.APIKEYS_OPENAPI ?? besideTheCheckout;
  const file = join(directory, `${vendor}.json`);
  if (!existsSync(file))
    return {
      missing: `the vendor's API document ${file} is not there (APIKEYS_OPENAPI names the folder of the documents)`,
    };
  return { file, content: JSON.parse(readFileSync(file, "utf8")) as JsonObject };
}
