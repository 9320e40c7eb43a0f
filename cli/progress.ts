import type { CommandHost } from "./command";
import { printable } from "./printable";

/** The progress line of a long command. It disappears when the command is done. */
export interface Progress {
  readonly tell: (words: string) => void;
  readonly end: () => void;
}

/** Nobody can read faster updates. */
const everyMs = 100;

export function progressOf({ status }: Pick<CommandHost, "status">, nowMs = () => performance.now()): Progress {
  let toldMs = -Infinity;
  return {
    tell: (words) => {
      if (!status || nowMs() - toldMs < everyMs) return;
      toldMs = nowMs();
      status(words);
    },
    end: () => {
      if (toldMs > -Infinity) status?.("");
    },
  };
}

/** Replaces the last line of a terminal. Undefined in a pipe and in CI, where nobody sees it. */
export function statusLine(
  stream: Pick<NodeJS.WriteStream, "isTTY" | "columns" | "write">,
  { CI = "", TERM = "" }: NodeJS.ProcessEnv,
): ((words: string) => void) | undefined {
  if (!stream.isTTY || (CI !== "" && CI !== "false") || TERM === "dumb") return undefined;
  return (words) => {
    // A terminal of unknown width reports 0.
    const width = stream.columns > 0 ? stream.columns : 80;
    const line = printable(words)
      .replace(/[\r\n]+/g, " ")
      .slice(0, Math.max(20, width - 1));
    stream.write(`\r\u001b[K${line}`);
  };
}
