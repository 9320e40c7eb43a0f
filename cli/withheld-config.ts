import type * as Yaml from "yaml";
import { usageFailure } from "./command";
import { placeholder, throwAwayProvider } from "./withheld-secrets";

export interface WithheldConfig {
  readonly text: string;
  readonly withheld: number;
  /** Fields that are left out because only the stack's real backend can use them. */
  readonly left: readonly string[];
}

/**
 * A stack's config file (`Pulumi.<stack>.yaml`) that opens with the throw-away passphrase. A placeholder replaces each
 * encrypted value; everything else stays.
 *
 * @param yaml - the parser, which is loaded only when needed
 */
export function withholdConfig(text: string, yaml: typeof Yaml): WithheldConfig {
  const file = yaml.parseDocument(text.trim() === "" ? "{}" : text);
  if (file.errors.length > 0 || !yaml.isMap(file.contents))
    throw usageFailure("The stack's config file is not a YAML map; `pulumi config` tells what is wrong with it.");
  const { encrypt, salt } = throwAwayProvider();
  let withheld = 0;
  yaml.visit(file, {
    Map: (_key, map) => {
      const [only, ...others] = map.items;
      if (!only || others.length > 0 || String(only.key) !== "secure") return undefined;
      withheld += 1;
      only.value = file.createNode(encrypt(placeholder));
      return yaml.visit.SKIP;
    },
  });
  for (const name of ["encryptedkey", "secretsprovider"]) file.delete(name);
  const left = ["environment"].filter((name) => file.delete(name));
  file.set("encryptionsalt", salt);
  return { text: file.toString({ lineWidth: 0 }), withheld, left };
}
