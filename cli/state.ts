import type { Command } from "commander";
import { exitCodes } from "../review/exit-code";
import { inert } from "../review/inert";
import { processHost, readText, runs, usageFailure, writeOutput, type CommandHost } from "./command";
import { addStateOptions, readState, type StateOptions } from "./stack-state";
import { withholdConfig } from "./withheld-config";
import { throwAwayPassphrase } from "./withheld-secrets";
import { withholdSecrets } from "./withheld-state";

interface StateCommandOptions extends StateOptions {
  readonly withoutSecrets: boolean;
  readonly config?: string;
  readonly out?: string;
}

/** `apikeys state --without-secrets`: writes a state that may be published, for the preview in a pull request's job. */
export function addStateCommand(program: Command, host: CommandHost = processHost): void {
  const command = program
    .command("state")
    .description(
      "Copies a stack's state without its secrets: each becomes a placeholder that opens with a public passphrase. Names, ids, scopes and addresses stay in clear.",
    )
    .option("--without-secrets", "required; there is no copy with secrets", false)
    .option("--config <file>", "treat this config file of a stack (Pulumi.<stack>.yaml) in place of a state")
    .option("--out <file>", "write here instead of standard output")
    .addHelpText("after", passphraseHelp);
  addStateOptions(command);
  runs(command, host, (options: StateCommandOptions) => copy(options, host));
}

const passphraseHelp = `
A preview against the copy: import it with \`pulumi stack import\` into a stack of a file backend whose config file went
through --config, with PULUMI_CONFIG_PASSPHRASE="${throwAwayPassphrase}".`;

async function copy(options: StateCommandOptions, host: CommandHost): Promise<number> {
  if (!options.withoutSecrets)
    throw usageFailure("Give --without-secrets. For a state with its secrets there is `pulumi stack export`.");
  if (options.config !== undefined && (options.state ?? options.stack) !== undefined)
    throw usageFailure("--config and a state are two copies: call the command once for each.");
  const text = options.config === undefined ? await stateCopy(options, host) : await configCopy(options.config, host);
  if (options.out === undefined) host.stdout(text);
  else writeOutput(options.out, text, "--out");
  return exitCodes.fine;
}

async function stateCopy(options: StateCommandOptions, host: CommandHost): Promise<string> {
  const { state, withheld, blanked } = withholdSecrets(await readState(options, host));
  for (const place of blanked)
    host.stderr(
      `apikeys state: ${inert(place)} looked like a secret in the clear and was blanked. Rotate it, and pass it as a secret.\n`,
    );
  host.stderr(`apikeys state: ${withheld} encrypted value${withheld === 1 ? "" : "s"} withheld.\n`);
  return `${JSON.stringify(state, null, 4)}\n`;
}

async function configCopy(file: string, host: CommandHost): Promise<string> {
  const { text, withheld, left } = withholdConfig(readText(file, "--config"), await import("yaml"));
  for (const name of left)
    host.stderr(`apikeys state: "${name}" was left out: only the stack's own backend can serve it.\n`);
  host.stderr(`apikeys state: ${withheld} encrypted value${withheld === 1 ? "" : "s"} of the config withheld.\n`);
  return text;
}
