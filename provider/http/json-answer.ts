import { ResponseShapeError } from "../errors";

/** No service nests its answer about a key deeper than this. */
const deepest = 64;
/** More values than an answer about ten thousand keys has. Each value takes many times its length in memory. */
const mostValues = 500_000;

/**
 * Parses a JSON answer; undefined if the text is not JSON. The parser's own error would quote the text.
 *
 * @throws ResponseShapeError - it is nested deeper than 64 levels, or has more than 500 000 values
 */
export function parseJsonAnswer(text: string, label: () => string): unknown {
  const problem = boundsProblem(text);
  if (problem !== undefined)
    throw new ResponseShapeError(
      `${label()} answered with JSON ${problem}. Check the connection's url: it must be the base of the service's API, version included.`,
    );
  try {
    // Some servers begin their JSON with a byte order mark.
    return JSON.parse(text.replace(/^\ufeff/, "")) as unknown;
  } catch {
    return undefined;
  }
}

/** Checks the text before it is parsed: a few megabytes of brackets become hundreds in memory. */
function boundsProblem(text: string): string | undefined {
  let depth = 0;
  let values = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (quoted) {
      if (code === 0x5c) at += 1;
      else if (code === 0x22) quoted = false;
    } else if (code === 0x22) quoted = true;
    else if (code === 0x5b || code === 0x7b) {
      depth += 1;
      values += 1;
      if (depth > deepest) return `that is nested deeper than ${deepest} levels`;
    } else if (code === 0x5d || code === 0x7d) depth -= 1;
    else if (code === 0x2c) values += 1;
    if (values > mostValues) return `of more than ${mostValues} values`;
  }
  return undefined;
}
