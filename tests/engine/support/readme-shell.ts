/** One bash in which the commands of a README run as a reader types them, one after the other. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import type { Run } from "./stack";

/** `pulumi` asks nobody anything, and has a HOME of its own; everything else runs in the reader's. */
const unattended = (home: string) => `
pulumi() {
  local flags=(--non-interactive)
  case $1 in up | refresh | destroy | import) flags+=(--yes --skip-preview) ;; stack) [ "$2" != rm ] || flags+=(--yes) ;; esac
  HOME=${home} command pulumi "$@" "\${flags[@]}"
}`;

const mark = "--- the end of a command";

export class ReadmeShell {
  readonly #bash: ChildProcessWithoutNullStreams;

  /** @param env - what the reader's shell has; HOME of it is for `pulumi` alone */
  constructor(cwd: string, env: NodeJS.ProcessEnv) {
    const own = { ...process.env, ...env, HOME: process.env.HOME };
    this.#bash = spawn("bash", ["--noprofile", "--norc"], { cwd, env: own });
    this.#bash.stdin.write(`${unattended(env.HOME ?? "")}\n`);
  }

  async run(line: string): Promise<Run> {
    const outputs = Promise.all([this.#until(this.#bash.stdout), this.#until(this.#bash.stderr)]);
    this.#bash.stdin.write(`${line}\n{ printf '\\n${mark} %s\\n' "$?"; printf '\\n${mark}\\n' >&2; }\n`);
    const [[stdout, code], [stderr]] = await outputs;
    return { code: Number(code), stdout, stderr, text: `${stdout}\n${stderr}` };
  }

  async close(): Promise<void> {
    const gone = this.#bash.exitCode === null ? once(this.#bash, "exit") : undefined;
    this.#bash.stdin.end();
    await gone;
  }

  /** What comes up to the mark, and what stands behind it. */
  #until(stream: NodeJS.ReadableStream): Promise<readonly [string, string]> {
    return new Promise((done, failed) => {
      let text = "";
      const ended = () => failed(new Error(`the shell ended:\n${text}`));
      const take = (chunk: unknown) => {
        text += String(chunk);
        const [, before, after] = new RegExp(`^(.*)\\n${mark} ?(.*)\\n$`, "s").exec(text) ?? [];
        if (before === undefined) return;
        stream.off("data", take).off("end", ended);
        done([before, after ?? ""]);
      };
      stream.on("data", take).on("end", ended);
    });
  }
}
