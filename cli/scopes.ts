import { type Command, Option } from "commander";
import { readRecordedStack } from "../inventory/recorded";
import type { ListedScope } from "../provider/backends/definition";
import { wordsOf } from "../provider/errors";
import { type ExtraScopes, type ScopeCatalogue, scopeLevel, scopeNames } from "../provider/scopes";
import { exitCodes } from "../review/exit-code";
import { jsonOption, CommandFailure, type CommandHost, processHost, runs, usageFailure } from "./command";
import { connectionsOf } from "./service-connections";
import { addStateOptions, readState, type StateOptions } from "./stack-state";
import { textTable } from "./text-table";

interface ScopesOptions extends StateOptions {
  readonly connection: string;
  readonly format: "table" | "json" | "extra-scopes";
}

interface KnownScope extends ListedScope {
  readonly level: "read" | "write" | "admin";
  /** Where the scope was found. */
  readonly from: "catalogue" | "extraScopes" | "service";
}

/** `apikeys scopes`: lists the scopes of a connection, and those that its catalogue does not know yet. */
export function addScopesCommand(program: Command, host: CommandHost = processHost): void {
  const command = addStateOptions(
    program
      .command("scopes")
      .description(
        "Lists the scopes of a connection: those of the catalogue, those of its extraScopes, and those that only the service knows, if it lists them. Uses the connection's credential for that, and only reads.",
      )
      .option("--connection <name>", "the connection", "default")
      .addOption(
        new Option("--format <form>", "how to print; extra-scopes: only what the connection's extraScopes lack")
          .choices(["table", "json", "extra-scopes"])
          .default("table"),
      )
      .addOption(jsonOption()),
  ).addHelpText("after", "\nExit codes: 0 fine; 2 bad flags; 10 the service could not be read.");
  runs(command, host, async ({ connection: name, format, ...source }: ScopesOptions) => {
    const stack = readRecordedStack(await readState(source, host));
    if (!stack) throw usageFailure("this is not the state of a stack; give the output of `pulumi stack export`.");
    const { catalogue, client } = connectionsOf(stack, host.env).open(name);
    const listed = (await client.listScopes?.().catch(cannotBeRead)) ?? [];
    const scopes = allScopes(catalogue, listed);
    host.stdout(print(scopes, format));
    return exitCodes.fine;
  });
}

function cannotBeRead(error: unknown): never {
  throw new CommandFailure(exitCodes.cannotBeTold, wordsOf(error));
}

function allScopes(catalogue: ScopeCatalogue | undefined, listed: readonly ListedScope[]): KnownScope[] {
  const told = (scope: ListedScope, from: KnownScope["from"]): KnownScope => {
    return { ...scope, level: scope.level ?? scopeLevel(catalogue, scope.name), from };
  };
  const known = scopeNames(catalogue).map((name) =>
    told({ name }, catalogue && Object.hasOwn(catalogue.scopes, name) ? "catalogue" : "extraScopes"),
  );
  const isNew = ({ name }: ListedScope) => !known.some((scope) => scope.name === name);
  return [...known, ...listed.filter(isNew).map((scope) => told(scope, "service"))].sort((a, b) =>
    a.name < b.name ? -1 : 1,
  );
}

function print(scopes: readonly KnownScope[], format: ScopesOptions["format"]): string {
  if (format === "json") return `${JSON.stringify({ scopes }, null, 2)}\n`;
  if (format === "extra-scopes") return `${JSON.stringify({ extraScopes: lacking(scopes) }, null, 2)}\n`;
  const rows = scopes.map(({ name, level, from }) => [name, level, from]);
  return rows.length === 0
    ? "This service publishes no list of scopes.\n"
    : textTable(["SCOPE", "LEVEL", "KNOWN FROM"], rows);
}

/** In the form of a connection's `extraScopes`: JSON is valid YAML. */
function lacking(scopes: readonly KnownScope[]): ExtraScopes {
  return Object.fromEntries(
    scopes.flatMap(({ name, level, implies, from }) =>
      from === "service" ? [[name, { level, ...(implies && { implies }) }] as const] : [],
    ),
  );
}
