import {
  codeOf,
  different,
  isSameFile,
  partsOf,
  type Fields,
  type Parser,
  type Parts,
  type ProjectEdit,
  type ProjectFile,
  yamlFields,
} from "./file-parts";
import { isRecord } from "./preview-form";

/**
 * How a change edits a stack's own file. Its config is in the preview; what else stands there is not: an `environment`
 * brings variables into every process of the run (`NODE_OPTIONS`, a connection's `tokenEnv`), and a secrets provider can read
 * every secret of the state. Of the config, the connections' admin tokens are only masked there.
 */
export function stackFileEdits(
  name: string,
  [base, change]: readonly [ProjectFile | undefined, ProjectFile | undefined],
  yaml: Parser,
): ProjectEdit[] {
  if (isSameFile(base, change)) return [];
  const stack = stackOf(name) ?? "";
  const [before, after] = [base, change].map((file) => (file === undefined ? {} : stackParts(file, yaml)));
  if (!before || !after)
    return [{ file: name, parts: [], code: after ? codeOf(after) : "hidden", level: "block", stack }];
  const parts = different(before, after);
  if (parts.length === 0) return [];
  // A stack that is new has to say how its secrets are encrypted.
  const isExpected = (part: string): boolean => isEncryptedToken(part, after) || (!base && ofEncryption.has(part));
  return [{ file: name, parts, code: codeOf(after), level: parts.every(isExpected) ? "warn" : "block", stack }];
}

export function isStackFile(name: string): boolean {
  return stackOf(name) !== undefined;
}

/** `prod` of `infra/Pulumi.prod.yaml`. */
function stackOf(name: string): string | undefined {
  return /(?:^|\/)Pulumi\.([^/]+)\.(?:ya?ml|json)$/.exec(name)?.[1];
}

const ofEncryption: ReadonlySet<string> = new Set(["secretsprovider", "encryptedkey", "encryptionsalt"]);
const tokens = "apikeys:tokens";
const tokensPart = `config ${tokens}`;

function stackParts({ text }: ProjectFile, yaml: Parser): Parts | undefined {
  const read = yamlFields(text, yaml);
  if (!read) return undefined;
  const { fields, written } = read;
  const config = fields.config ?? {};
  if (!isRecord(config)) return undefined;
  const others = Object.keys(fields).filter((field) => field !== "config");
  return partsOf([
    ...others.map((field): [string, unknown] => [field, [fields[field], written[field]]]),
    ...(config[tokens] === undefined ? [] : [[tokensPart, config[tokens]] as [string, unknown]]),
  ]);
}

/** Only who may read the stack's secrets can write one. A token in clear is one that anybody can put there. */
function isEncryptedToken(part: string, after: Parts): boolean {
  const value = after[part];
  return part === tokensPart && (value === undefined || isEncrypted(JSON.parse(value)));
}

function isEncrypted(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { secure, ...more }: Fields = value;
  if (typeof secure === "string") return Object.keys(more).length === 0;
  return Object.values(value).every(isEncrypted);
}
