#!/usr/bin/env node
import { Command } from "commander";
import { addEmulatorCommand } from "./emulator";

const program = new Command("apikeys")
  .description("Service accounts and API keys as Pulumi resources: the emulator, and tools around a stack.")
  .showHelpAfterError();
addEmulatorCommand(program);
program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`apikeys: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
