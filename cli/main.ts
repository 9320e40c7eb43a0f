#!/usr/bin/env node
import "./node-version";
import { styleText } from "node:util";
import { Command } from "commander";
import { printable } from "./printable";

type AddCommand = (program: Command) => void;

/**
 * The subcommands. Only the called one is loaded (or all, for the help), so a review in a pull request does not wait
 * for the emulator's code.
 */
/* eslint-disable @typescript-eslint/no-require-imports -- the only way to load a module late and at once in CommonJS */
const commands: Readonly<Record<string, () => AddCommand>> = {
  emulator: () => (require("./emulator") as typeof import("./emulator")).addEmulatorCommand,
  due: () => (require("./due") as typeof import("./due")).addDueCommand,
  inventory: () => (require("./inventory") as typeof import("./inventory")).addInventoryCommand,
  scopes: () => (require("./scopes") as typeof import("./scopes")).addScopesCommand,
  sweep: () => (require("./sweep") as typeof import("./sweep")).addSweepCommand,
  identify: () => (require("./identify") as typeof import("./identify")).addIdentifyCommand,
  report: () => (require("./report") as typeof import("./report")).addReportCommand,
  state: () => (require("./state") as typeof import("./state")).addStateCommand,
  review: () => (require("./review") as typeof import("./review")).addReviewCommand,
  lock: () => (require("./lock") as typeof import("./lock")).addLockCommand,
  verify: () => (require("./verify") as typeof import("./verify")).addVerifyCommand,
  comment: () => (require("./comment") as typeof import("./comment")).addCommentCommand,
  approved: () => (require("./approved") as typeof import("./approved")).addApprovedCommand,
  "approve-pack": () => (require("./approve-pack") as typeof import("./approve-pack")).addApprovePackCommand,
  "new-backend": () => (require("./new-backend") as typeof import("./new-backend")).addNewBackendCommand,
  completion: () => (require("./completion") as typeof import("./completion")).addCompletionCommand,
  merge: () => (require("./merge") as typeof import("./merge")).addMergeCommand,
};

const program = new Command("apikeys")
  .description(
    "Service accounts and API keys as Pulumi resources: the scope review for pull requests, what rotates when, and the emulator.",
  )
  .version((require("pulumi-apikeys/package.json") as { version: string }).version, "-v, --version")
  // Commander omits colours where there is no terminal, and obeys NO_COLOR and FORCE_COLOR.
  .configureHelp({
    styleTitle: (text) => styleText("bold", text, { validateStream: false }),
    styleCommandText: (text) => styleText("cyan", text, { validateStream: false }),
    styleSubcommandText: (text) => styleText("cyan", text, { validateStream: false }),
    styleOptionText: (text) => styleText("cyan", text, { validateStream: false }),
  })
  .showHelpAfterError("Add --help to see every flag.")
  // Bad flags always exit with code 2; 1 is for our own bugs.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
/** The help and the shell completion need every command. */
function needsAll(called: string): boolean {
  return called === "completion" || !Object.hasOwn(commands, called);
}

// The reader has closed the pipe, as `head` in `apikeys due | head -1`: no failure.
for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit();
  });

const called = process.argv[2] ?? "";
for (const [name, load] of Object.entries(commands)) if (name === called || needsAll(called)) load()(program);
program.parseAsync().catch((error: unknown) => {
  process.stderr.write(printable(`apikeys: ${error instanceof Error ? error.message : String(error)}\n`));
  process.exitCode = 1;
});
