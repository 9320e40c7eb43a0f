import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { createInterface } from "node:readline";
import { type Command, InvalidArgumentError } from "commander";
import { announcement, startEmulator } from "../emulator";
import { codeOf, CommandFailure, processHost, runs, usageFailure } from "./command";
import { exitCodes } from "../review/exit-code";
import { emulatorForPeople, emulatorForShell } from "./emulator-words";

interface EmulatorFlags {
  readonly port: number;
  readonly data?: string;
  readonly verbose: boolean;
  readonly env: boolean;
  readonly json: boolean;
}

/** `apikeys emulator`: runs the embedded services on loopback until it is stopped. */
export function addEmulatorCommand(program: Command): void {
  runs(
    program
      .command("emulator")
      .description(
        "Runs the embedded Pulsely, NovaVMS and PulseAPI on loopback. A terminal shows addresses and tokens; in a pipe, the first line of output is one JSON object with them.",
      )
      .option("--port <number>", "port on 127.0.0.1; 0 takes a free one", parsePort, 4010)
      .option(
        "--data <file>",
        "keep accounts, keys (as hashes) and the admin tokens in this file, over restarts and crashes; a missing folder is made",
      )
      .option("--env", 'run in the background and print what a shell needs: eval "$(apikeys emulator --env)"', false)
      .option("--json", "print the line of JSON at a terminal as well", false)
      .option("--verbose", "also print one line per request", false),
    processHost,
    (flags: EmulatorFlags) => {
      if (flags.data !== undefined) makeFolder(flags.data);
      return flags.env ? runInBackground(flags) : runHere(flags);
    },
  );
}

/** Makes the data's folder and says so: the path may be mistyped, and yesterday's data elsewhere. */
function makeFolder(dataFile: string): void {
  const made = mkdirSync(dirname(resolve(dataFile)), { recursive: true });
  if (made !== undefined)
    processHost.stderr(`apikeys emulator: made the folder ${made}, which did not exist, for the data.\n`);
}

async function runHere({ port, data, verbose, json }: EmulatorFlags): Promise<number> {
  const running = await startEmulator({ port, verbose, ...(data === undefined ? {} : { dataFile: data }) }).catch(
    (error: unknown) => {
      throw codeOf(error) === "EADDRINUSE" ? portInUse(port) : error;
    },
  );
  process.stdout.write(process.stdout.isTTY && !json ? emulatorForPeople(running) : `${announcement(running)}\n`);
  const stop = () => void running.close().then(() => process.exit(0));
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  return exitCodes.fine;
}

/** Starts the emulator as a separate process, which keeps running after this one has printed its address. */
async function runInBackground({ port, data }: EmulatorFlags): Promise<number> {
  const flags = ["--port", String(port), ...(data === undefined ? [] : ["--data", data])];
  const child = spawn(process.execPath, [process.argv[1] ?? "", "emulator", ...flags], {
    detached: true,
    // Own streams: a caller that waits for its streams to end would otherwise wait for the emulator.
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stderr.pipe(process.stderr);
  const line = await firstLine(child);
  if (line === undefined) throw new CommandFailure(exitCodes.usage, "the emulator did not start; it says why above.");
  process.stdout.write(emulatorForShell(JSON.parse(line) as Parameters<typeof emulatorForShell>[0], child.pid ?? 0));
  child.stderr.destroy();
  child.unref();
  return exitCodes.fine;
}

async function firstLine(child: ChildProcess): Promise<string | undefined> {
  if (!child.stdout) return undefined;
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([once(lines, "line"), once(lines, "close").then(() => [])])) as [string?];
  lines.close();
  child.stdout.destroy();
  return line;
}

function portInUse(port: number): CommandFailure {
  return usageFailure(`127.0.0.1:${port} is in use: is another emulator running? --port 0 takes a free port.`);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError("Give a port between 0 and 65535.");
  return port;
}
