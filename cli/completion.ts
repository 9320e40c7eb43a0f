import { Argument, type Command, type Option } from "commander";
import { type CommandHost, processHost, runs } from "./command";
import { completionScript, type CompletedCommand, shells } from "./completion-script";

/** `apikeys completion`: prints what a shell needs to complete commands, flags and their values. */
export function addCompletionCommand(program: Command, host: CommandHost = processHost): void {
  const command = program
    .command("completion")
    .description(
      'Prints a script that completes commands and flags in your shell: eval "$(apikeys completion bash)" (or zsh); apikeys completion fish | source.',
    )
    .addArgument(new Argument(`<${shells.join("|")}>`, "your shell").choices(shells));
  runs(command, host, (_options, [shell]) => {
    host.stdout(completionScript(shell as (typeof shells)[number], program.commands.map(completed)));
    return 0;
  });
}

function completed(command: Command): CompletedCommand {
  const [operand] = command.registeredArguments;
  return {
    name: command.name(),
    description: firstSentence(command.description()),
    flags: command.options.flatMap(({ long, description, required, optional, argChoices }: Option) =>
      long ? [{ flag: long, description, takesValue: required || optional, choices: argChoices ?? [] }] : [],
    ),
    operands: operand?.argChoices ?? [],
  };
}

/** Shells show it beside the name, on one line. */
function firstSentence(text: string): string {
  return /^.*?(?=[.:;] |\.$|$)/.exec(text)?.[0] ?? text;
}
