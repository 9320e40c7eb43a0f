import type * as Yaml from "yaml";
import type { Policy } from "./policy";
import { checkPolicy } from "./policy-schema";

/**
 * Parses a policy file's text, or returns every mistake in it with its line or field. The caller passes the YAML
 * parser: most of the time of a small review is loading code, and most reviews have no policy.
 */
export function parsePolicy(
  text: string,
  path: string,
  { LineCounter, parseDocument }: Pick<typeof Yaml, "LineCounter" | "parseDocument">,
): { readonly policy: Policy } | { readonly problems: readonly string[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    return {
      problems: document.errors.map(({ pos, message }) => `line ${lines.linePos(pos[0]).line}: not YAML: ${message}`),
    };
  }
  const value = plainValue(document);
  const checked =
    value === undefined ? { problems: ["it uses YAML aliases without end; write the values out"] } : checkPolicy(value);
  if ("problems" in checked) return checked;
  const waiverLines = (checked.document.waivers ?? []).map((_waiver, index) => {
    const node: unknown = document.getIn(["waivers", index], true);
    const range =
      typeof node === "object" && node !== null && "range" in node && Array.isArray(node.range)
        ? (node.range as number[])
        : [];
    return range[0] === undefined ? 1 : lines.linePos(range[0]).line;
  });
  return { policy: { document: checked.document, path, waiverLines } };
}

/** The document's value; null for an empty file, undefined if aliases expand beyond all limits. */
function plainValue(document: { toJS: () => unknown }): unknown {
  try {
    return document.toJS() ?? null;
  } catch {
    // Nothing else can fail after a document is parsed.
    return undefined;
  }
}
