import type * as Yaml from "yaml";
import { canonicalJson } from "./canonical";
import type { Level } from "./levels";
import { isRecord } from "./preview-form";
import { sha256 } from "./sha256";

/** Files of a project, taken apart so that two versions of one can be compared. */

/** A file of a project. */
export interface ProjectFile {
  /** Its path in the repository. Only one folder's project files are among them. */
  readonly name: string;
  /** `undefined`: it is there, and is a link, too large, or not UTF-8. */
  readonly text: string | undefined;
  /** For a file that counts as a whole, whatever its name: the level of any edit. */
  readonly level?: Level;
}

export interface ProjectEdit {
  readonly file: string;
  /** What of it is other than before; empty: it cannot be told. */
  readonly parts: readonly string[];
  /** SHA-256 of all that decides, as the change has it; `hidden` if that cannot be read. */
  readonly code: string;
  readonly level: Level;
  /** The only stack that it concerns. Left out: every stack. */
  readonly stack?: string;
}

export type Parser = Pick<typeof Yaml, "parseDocument">;
/** What decides in a file, by its name, each as one text. */
export type Parts = Readonly<Record<string, string>>;
export type Fields = Readonly<Record<string, unknown>>;

/** The fields of a YAML or JSON file, as values and as they are written; undefined if nobody can tell how the engine reads it. */
export function yamlFields(
  text: string | undefined,
  { parseDocument }: Parser,
): { readonly fields: Fields; readonly written: Fields } | undefined {
  if (text === undefined || readsDifferently.test(text)) return undefined;
  // JSON is YAML as well, and this parser refuses a key that stands there twice.
  const fields = mapOf(parseDocument(text, { prettyErrors: false }));
  // Where the engine wants a text, `1.10` and `1.1` are two.
  const written = mapOf(parseDocument(text, { prettyErrors: false, schema: "failsafe" }));
  return fields && written ? { fields, written } : undefined;
}

function mapOf(document: Yaml.Document.Parsed): Fields | undefined {
  if (document.errors.length > 0 || document.warnings.length > 0) return undefined;
  try {
    const fields: unknown = document.toJS();
    return isRecord(fields) ? fields : undefined;
  } catch {
    return undefined;
  }
}

/** The value of a JSON text; undefined if it cannot be read. */
export function jsonOf(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}

/** What ends a line or means nothing for the engine's parser alone, and what no such file needs. */
const readsDifferently = /[\u0085\u2028\u2029\ufeff]|^%|\r(?!\n)|[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/m;

/** What cannot be read is never the same. */
export function isSameFile(base: ProjectFile | undefined, change: ProjectFile | undefined): boolean {
  if (!base || !change) return base === change;
  return base.name === change.name && base.text !== undefined && base.text === change.text;
}

export function fieldsOf(value: unknown): Fields {
  return isRecord(value) ? value : {};
}

export function partsOf(entries: readonly [string, unknown][]): Parts {
  return Object.fromEntries(entries.map(([key, value]) => [key, canonicalJson(value)]));
}

export function different(before: Parts, after: Parts): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((key) => before[key] !== after[key])
    .sort();
}

export function codeOf(parts: Parts): string {
  return sha256(canonicalJson(parts));
}
