#!/usr/bin/env node
import { Command } from "commander";
import { addDueCommand } from "./due";
import { addEmulatorCommand } from "./emulator";

const program = new Command("apikeys")
  .description("Service accounts and API keys as Pulumi resources: the emulator, and tools around a stack.")
  .showHelpAfterError();
addEmulatorCommand(program);
addDueCommand(program);
program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`apikeys: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1; // internal: every expected outcome has a code of its own
});
