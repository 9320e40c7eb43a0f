import { type Command, InvalidArgumentError } from "commander";
import { announcement, startEmulator } from "../emulator";

/** `apikeys emulator`: runs the embedded services on loopback until it is stopped. */
export function addEmulatorCommand(program: Command): void {
  program
    .command("emulator")
    .description(
      "Runs the embedded Pulsely, NovaVMS and PulseAPI on loopback. The first line of output is one JSON object with their addresses and admin tokens.",
    )
    .option("--port <number>", "port on 127.0.0.1; 0 takes a free one", parsePort, 4010)
    .option(
      "--data <file>",
      "keep accounts, keys (as hashes) and the admin tokens in this file, over restarts and crashes",
    )
    .option("--verbose", "also print one line per request", false)
    .action(async (options: { port: number; data?: string; verbose: boolean }) => {
      const running = await startEmulator({
        port: options.port,
        verbose: options.verbose,
        ...(options.data === undefined ? {} : { dataFile: options.data }),
      });
      process.stdout.write(`${announcement(running)}\n`);
      const stop = () => void running.close().then(() => process.exit(0));
      process.once("SIGINT", stop);
      process.once("SIGTERM", stop);
    });
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError("Give a port between 0 and 65535.");
  return port;
}
