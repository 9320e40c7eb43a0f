/**
 * Prism (https://github.com/stoplightio/prism) between a backend and the double of its vendor: it refuses requests, and
 * answers of the double, that are not of the form which the vendor's own document demands.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { JsonObject } from "./published-document";

export interface RunningPrism {
  readonly url: string;
  /** Ends its process. */
  stop(): Promise<void>;
}

/** As the package demands it: an older node cannot run it. */
const oldestNode = [24, 18] as const;
const program = resolve(__dirname, "../../../node_modules/@stoplight/prism-cli/dist/index.js");
/** Ends it, however this process ends. */
const supervise = resolve(__dirname, "../../servers/support/supervise.mjs");

/** Why this machine cannot run it; undefined where it can. */
export function prismIsMissing(): string | undefined {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const old = major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1]);
  return old ? `Prism needs Node ${oldestNode.join(".")} or newer, and this is ${process.versions.node}` : undefined;
}

/** Starts it on a free port, and waits for its word that it listens. */
export async function startPrism(document: JsonObject, upstream: string): Promise<RunningPrism> {
  const directory = mkdtempSync(join(tmpdir(), "apikeys-prism-"));
  const file = join(directory, "document.json");
  writeFileSync(file, JSON.stringify(document));
  const options = ["--errors", "--host", "127.0.0.1", "--port", "0", "--cors", "false"];
  const processes = [[process.execPath, program, "proxy", file, upstream, ...options]];
  const { PATH = "" } = process.env;
  const supervisor = spawn(process.execPath, [supervise, JSON.stringify({ processes, directory })], {
    detached: true,
    env: { PATH, HOME: directory, TMPDIR: directory, NO_COLOR: "1" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const ended = once(supervisor, "exit");
  const said: string[] = [];
  const listening = new Promise<string>((found, failed) => {
    for (const output of [supervisor.stdout, supervisor.stderr])
      createInterface(output).on("line", (line) => {
        said.push(line);
        if (said.length > 40) said.shift();
        const address = /listening on (http:\S+)/.exec(line)?.[1];
        if (address !== undefined) found(address);
      });
    void ended.then(() => failed(new Error(`Prism ended before it listened:\n${said.join("\n")}`)));
  });
  const stop = async () => {
    supervisor.stdin.end();
    await ended;
  };
  try {
    return { url: await listening, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
