import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";

const HEADER = { format: "apikeys-emulator", version: 1 } as const;
const OWNER_ONLY = 0o600;
/** A smaller journal is not worth rewriting while the emulator runs. */
const REWRITE_ABOVE_BYTES = 64 * 1024 * 1024;

/**
 * An append-only file: one JSON value per line, and each line is one indivisible step. `append` returns only after the
 * line reaches the kernel, so a killed process loses none; a power failure may lose the last ones. A torn last line is
 * a step that nobody was told about, and is dropped. Mode 0600: it contains admin tokens.
 */
export class Journal {
  #descriptor: number;
  #sizeBytes: number;
  #rewrittenSizeBytes: number;

  private constructor(
    readonly file: string,
    { descriptor, sizeBytes }: { descriptor: number; sizeBytes: number },
  ) {
    this.#descriptor = descriptor;
    this.#sizeBytes = sizeBytes;
    this.#rewrittenSizeBytes = sizeBytes;
  }

  /** The lines of the file, oldest first; none if there is no file. */
  static read(file: string): unknown[] {
    if (!existsSync(file)) return [];
    const [header, ...steps] = completeLines(readFileSync(file, "utf8"), file);
    if (header === undefined) return [];
    const { format, version } = header as { format?: unknown; version?: unknown };
    if (format !== HEADER.format || version !== HEADER.version) {
      throw new Error(`${file} is not a data file of this emulator (version ${HEADER.version})`);
    }
    return steps;
  }

  /** Replaces the file with `steps`. The old content stays until the new file is complete. */
  static create(file: string, steps: Iterable<unknown>): Journal {
    return new Journal(file, writeWhole(file, steps));
  }

  append(step: unknown): void {
    const line = Buffer.from(`${JSON.stringify(step)}\n`);
    try {
      writeFully(this.#descriptor, line);
    } catch (error) {
      // Half a line would merge with the next one.
      ftruncateSync(this.#descriptor, this.#sizeBytes);
      throw error;
    }
    this.#sizeBytes += line.length;
  }

  /** True when most of the file is history. */
  get isOverlong(): boolean {
    return this.#sizeBytes > Math.max(REWRITE_ABOVE_BYTES, this.#rewrittenSizeBytes * 4);
  }

  rewrite(steps: Iterable<unknown>): void {
    const { descriptor, sizeBytes } = writeWhole(this.file, steps);
    closeSync(this.#descriptor);
    this.#descriptor = descriptor;
    this.#sizeBytes = sizeBytes;
    this.#rewrittenSizeBytes = sizeBytes;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

function writeWhole(file: string, steps: Iterable<unknown>): { descriptor: number; sizeBytes: number } {
  const unfinished = `${file}.new`;
  rmSync(unfinished, { force: true });
  const descriptor = openSync(unfinished, "ax", OWNER_ONLY);
  let sizeBytes = 0;
  try {
    for (const step of [HEADER, ...steps]) {
      const line = Buffer.from(`${JSON.stringify(step)}\n`);
      writeFully(descriptor, line);
      sizeBytes += line.length;
    }
    fsyncSync(descriptor);
    renameSync(unfinished, file);
  } catch (error) {
    closeSync(descriptor);
    rmSync(unfinished, { force: true });
    throw error;
  }
  return { descriptor, sizeBytes };
}

function writeFully(descriptor: number, bytes: Buffer): void {
  for (let offset = 0; offset < bytes.length;) {
    offset += writeSync(descriptor, bytes, offset, bytes.length - offset);
  }
}

function completeLines(text: string, file: string): unknown[] {
  const lines = text.split("\n");
  // The text after the last newline is torn, or empty.
  lines.pop();
  return lines.map((line, index) => {
    try {
      return JSON.parse(line) as unknown;
    } catch {
      throw new Error(`${file}:${index + 1} is damaged; restore the file or start with another one`);
    }
  });
}
