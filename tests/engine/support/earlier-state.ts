import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Bench, openBench, story } from "./services";

/** The emulator's default address: a fixture holds no port of the run that captured it. */
const address = "http://127.0.0.1:4010";

/** What a released version left behind: the engine's state, the services' data, and the program. */
export interface EarlierState {
  /** RFC 3339 UTC: the time of services and decisions at the capture. */
  readonly now: string;
  readonly program: string;
  /** `pulumi stack export`; its secrets are encrypted with the passphrase of {@link TestStack}. */
  readonly deployment: unknown;
  /** The lines of the emulator's data file: secrets as hashes, and no admin token. */
  readonly services: readonly unknown[];
}

const fixture = (version: string) => resolve(__dirname, `../../fixtures/state/${version}.json`);

export function readEarlierState(version: string): EarlierState {
  return JSON.parse(readFileSync(fixture(version), "utf8")) as EarlierState;
}

/** Runs `tell` on new services and a new stack, and writes what it leaves as the fixture of a version. */
export async function captureState(
  version: string,
  tell: (bench: Bench) => Promise<{ readonly now: string; readonly program: string }>,
): Promise<void> {
  await withDirectory(async (directory) => {
    const dataFile = join(directory, "services.jsonl");
    const { stack, services } = await openBench({ dataFile });
    try {
      const told = await tell({ stack, services, connections: {} });
      const { stdout } = await stack.must("stack", "export");
      const deployment = JSON.parse(stdout.replaceAll(services.url, address), (name, value: unknown) =>
        // Where the program and its packages stood.
        name === "sourcePosition" || name === "stackTrace" ? undefined : value,
      ) as unknown;
      // Uses are written once a second, and when the emulator ends.
      await services.close();
      const lines = readFileSync(dataFile, "utf8").trimEnd().split("\n");
      const kept = lines.map((line) => JSON.parse(line) as unknown).filter((line) => !holdsCredentials(line));
      const state: EarlierState = { ...told, deployment, services: kept };
      writeFileSync(fixture(version), `${JSON.stringify(state, null, 1)}\n`);
    } finally {
      await services.close();
      stack.discard();
    }
  });
}

/** A {@link story} that starts where a released version ended, on today's code. */
export function storyAfter(version: string, tell: (bench: Bench) => Promise<void>): () => Promise<void> {
  const state = readEarlierState(version);
  return () => withDirectory((directory) => story(tell, () => restore(state, directory))());
}

async function restore({ deployment, services, program, now }: EarlierState, directory: string): Promise<Bench> {
  const dataFile = join(directory, "services.jsonl");
  writeFileSync(dataFile, services.map((line) => `${JSON.stringify(line)}\n`).join(""), { mode: 0o600 });
  const bench = await openBench({ dataFile });
  bench.stack.env.APIKEYS_NOW = now;
  await bench.services.clock.set(now);
  bench.stack.program(program);
  bench.stack.write("earlier.json", JSON.stringify(deployment).replaceAll(address, bench.services.url));
  await bench.stack.must("stack", "import", "--file", "earlier.json");
  return bench;
}

function holdsCredentials(line: unknown): boolean {
  return Array.isArray(line) && line.some(({ kind }: { readonly kind?: unknown }) => kind === "credentials");
}

async function withDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "apikeys-earlier-"));
  try {
    await run(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
