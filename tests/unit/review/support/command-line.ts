import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { addApprovePackCommand } from "../../../../cli/approve-pack";
import { addApprovedCommand } from "../../../../cli/approved";
import { addCommentCommand } from "../../../../cli/comment";
import { addDueCommand } from "../../../../cli/due";
import { addLockCommand } from "../../../../cli/lock";
import { addMergeCommand } from "../../../../cli/merge";
import type { CommandHost } from "../../../../cli/command";
import { addReportCommand } from "../../../../cli/report";
import { addReviewCommand } from "../../../../cli/review";
import { addStateCommand } from "../../../../cli/state";
import { addVerifyCommand } from "../../../../cli/verify";

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

class Aborted extends Error {}

/** Runs one command of `apikeys` in this process, as the shell would. */
export async function apikeys(
  args: readonly string[],
  world: {
    readonly stdin?: string | Uint8Array;
    readonly env?: Record<string, string>;
    readonly fetch?: typeof fetch;
    readonly isTerminal?: boolean;
  } = {},
): Promise<Ended> {
  const ended = { code: 0, stdout: "", stderr: "" };
  const host: CommandHost = {
    stdout: (text) => (ended.stdout += text),
    stderr: (text) => (ended.stderr += text),
    isTerminal: world.isTerminal ?? false,
    stdin: () => Buffer.from(world.stdin ?? "").toString("utf8"),
    stdinBytes: (max) => Buffer.from(world.stdin ?? "").subarray(0, max),
    env: { APIKEYS_NOW: "2027-02-01T10:00:00Z", ...world.env },
    exit: (code) => (ended.code = code),
    abort: (code) => {
      ended.code = code;
      throw new Aborted();
    },
  };
  const program = new Command("apikeys").configureOutput({ writeOut: host.stdout, writeErr: host.stderr });
  for (const add of [
    addDueCommand,
    addReportCommand,
    addStateCommand,
    addReviewCommand,
    addLockCommand,
    addVerifyCommand,
    addMergeCommand,
    addApprovePackCommand,
  ])
    add(program, host);
  for (const add of [addCommentCommand, addApprovedCommand])
    add(program, host, world.fetch ?? (() => Promise.reject(new Error("no network here"))));
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof Aborted)) throw error;
  }
  return ended;
}

/** A directory for one test file, removed by `discard`. */
export function scratchDirectory(): { readonly path: (name: string) => string; readonly discard: () => void } {
  const directory = mkdtempSync(join(tmpdir(), "apikeys-review-"));
  return { path: (name) => join(directory, name), discard: () => rmSync(directory, { recursive: true, force: true }) };
}
