/** Completion scripts for three shells, made from the commands and their flags. Pure. */
export const shells = ["bash", "zsh", "fish"] as const;

export interface CompletedCommand {
  readonly name: string;
  readonly description: string;
  readonly flags: readonly CompletedFlag[];
  /** The words that its operand may be; none if it is a file or any text. */
  readonly operands: readonly string[];
}

interface CompletedFlag {
  /** `--port` */
  readonly flag: string;
  readonly description: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
}

export function completionScript(shell: (typeof shells)[number], commands: readonly CompletedCommand[]): string {
  return { bash, zsh, fish }[shell](commands);
}

/** What `apikeys` answers without a command. */
const topFlags = [
  ["--help", "every command, or every flag of one"],
  ["--version", "the version of this package"],
] as const;

/** If none of our words match, bash falls back to files. */
function bash(commands: readonly CompletedCommand[]): string {
  const flags = commands.map(
    ({ name, flags, operands }) =>
      `    ${name}) words="${[...operands, ...flags.map(({ flag }) => flag), "--help"].join(" ")}" ;;`,
  );
  const values = commands.flatMap(({ name, flags }) =>
    flags
      .filter(({ takesValue }) => takesValue)
      .map(({ flag, choices }) => `    "${name} ${flag}") words="${choices.join(" ")}" ;;`),
  );
  return `_apikeys() {
  local word=\${COMP_WORDS[COMP_CWORD]} command=\${COMP_WORDS[1]} words=
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${commands.map(({ name }) => name).join(" ")} ${topFlags.map(([flag]) => flag).join(" ")}"
  else
    case "$command" in
${flags.join("\n")}
    esac
    case "$command \${COMP_WORDS[COMP_CWORD-1]}" in
${values.join("\n")}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _apikeys apikeys
`;
}

function zsh(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(({ name, flags, operands }) => {
    const specs = flags.map(({ flag, description, takesValue, choices }) => {
      const value = choices.length > 0 ? `:value:(${choices.join(" ")})` : ":value:_files";
      return zshWord(`${flag}[${description.replace(/[[\]\\:]/g, "\\$&")}]${takesValue ? value : ""}`);
    });
    const rest = operands.length > 0 ? `'1:value:(${operands.join(" ")})'` : "'*:file:_files'";
    return `    ${name}) _arguments ${[...specs, rest].join(" ")} ;;`;
  });
  return `#compdef apikeys
_apikeys() {
  local -a commands
  commands=(
${[...commands.map(({ name, description }) => [name, description]), ...topFlags].map(([name, words]) => `    ${zshWord(`${name}:${words}`)}`).join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case "$words[1]" in
${cases.join("\n")}
  esac
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -D; }
compdef _apikeys apikeys
`;
}

function fish(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ name, description, flags, operands }) => [
    `complete -c apikeys -n __fish_use_subcommand -f -a ${name} -d ${fishWord(description)}`,
    ...(operands.length > 0
      ? [`complete -c apikeys -n '__fish_seen_subcommand_from ${name}' -f -a '${operands.join(" ")}'`]
      : []),
    ...flags.map(({ flag, description: words, takesValue, choices }) => {
      const value = choices.length > 0 ? ` -x -a '${choices.join(" ")}'` : takesValue ? " -r" : "";
      return `complete -c apikeys -n '__fish_seen_subcommand_from ${name}' -l ${flag.slice(2)}${value} -d ${fishWord(words)}`;
    }),
  ]);
  const top = topFlags.map(
    ([flag, words]) => `complete -c apikeys -n __fish_use_subcommand -l ${flag.slice(2)} -d ${fishWord(words)}`,
  );
  return `${[...top, ...lines].join("\n")}\n`;
}

function zshWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function fishWord(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
