/** Colours of lines at a terminal. */
import { styleText } from "node:util";

/** How a line of output looks at a terminal. */
export type Style = Parameters<typeof styleText>[0];

/** What decides whether a stream shows colours. */
interface Output {
  readonly isTTY?: boolean;
}

/** Whether to colour: at a terminal, unless NO_COLOR or FORCE_COLOR says otherwise (https://no-color.org). */
export function hasColours({ isTTY }: Output, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== "0" && env.FORCE_COLOR !== "false";
  return isTTY === true && env.TERM !== "dumb";
}

/** Gives each line of a printable text its style. The text itself cannot set one. */
export function painted(text: string, styles: readonly (Style | undefined)[]): string {
  return text
    .split("\n")
    .map((line, at) => {
      const style = styles[at];
      return style === undefined || line === "" ? line : styleText(style, line, { validateStream: false });
    })
    .join("\n");
}
