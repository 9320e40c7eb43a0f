import { spawn } from "node:child_process";
import { join, resolve } from "node:path";
import type { TestStack } from "../../engine/support/stack";

const program = join(resolve(__dirname, "../../.."), "dist", "cli", "main.js");

export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `apikeys …` in the stack's project, as its user would. */
export function apikeys(stack: TestStack, args: readonly string[], input = ""): Promise<Answer> {
  return new Promise((done) => {
    const child = spawn(process.execPath, [program, ...args], { cwd: stack.project, env: stack.env });
    const printed = { stdout: "", stderr: "" };
    child.stdout.on("data", (part: Buffer) => (printed.stdout += part.toString("utf8")));
    child.stderr.on("data", (part: Buffer) => (printed.stderr += part.toString("utf8")));
    child.on("close", (code) => done({ code: code ?? 255, ...printed }));
    child.stdin.end(input);
  });
}
