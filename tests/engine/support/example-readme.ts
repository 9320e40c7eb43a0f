/** A `pulumi` command of a README. */
export interface ReadmeCommand {
  /** What stands before it: `APIKEYS_NOW=… pulumi up`. */
  readonly env: Readonly<Record<string, string>>;
  /** `up`, or `config set handover second`, in words. */
  readonly args: readonly string[];
}

/** The lines of all `sh` blocks, without comments and blank ones. */
export function shellLines(readme: string): string[] {
  const blocks = [...readme.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = ""]) => block);
  const lines = blocks.flatMap((block) => block.replaceAll("\\\n", " ").split("\n"));
  return lines.map((line) => line.replace(/(^|\s+)#.*$/, "").trim()).filter((line) => line !== "");
}

/** The `pulumi` commands among them, in their order. What is inside `$(…)` is not one of them. */
export function pulumiCommands(readme: string): ReadmeCommand[] {
  return shellLines(readme).flatMap((line) => {
    const words = wordsOf(line);
    const start = words.indexOf("pulumi");
    const before = words.slice(0, Math.max(start, 0)).map((word) => /^([A-Z_][A-Z0-9_]*)=(.*)$/.exec(word));
    if (start < 0 || before.includes(null)) return [];
    const env = Object.fromEntries(before.map((match) => [match?.[1] ?? "", match?.[2] ?? ""]));
    return [{ env, args: words.slice(start + 1) }];
  });
}

/** Words as a shell takes them, as far as READMEs need it: quotes group, and vanish. */
function wordsOf(line: string): string[] {
  const words = line.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
  return words.map((word) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, (_whole, single?: string, double?: string) => single ?? double ?? ""),
  );
}
