import { closeSync, openSync, readSync } from "node:fs";

/** File descriptor 0. */
export const standardInput = 0;

/** At most `max` bytes of a file, so that no file is too large to be refused. */
export function readFileBytes(path: string, max: number): Uint8Array {
  const file = openSync(path, "r");
  try {
    return readBytes(file, max);
  } finally {
    closeSync(file);
  }
}

/** At most `max` bytes of an open file or stream, from where it stands; waits for a stream's end. */
export function readBytes(file: number, max: number): Uint8Array {
  const chunks: Uint8Array[] = [];
  let [length, size] = [0, 64 * 1024];
  while (length < max) {
    const chunk = Buffer.allocUnsafe(Math.min(size, max - length));
    const read = readOnce(file, chunk);
    if (read === 0) break;
    chunks.push(chunk.subarray(0, read));
    length += read;
    // A pipe gives 64 kB at a time; a file fills whatever it is given.
    if (read === chunk.length) size = Math.min(2 * size, 16 * 1024 * 1024);
  }
  return Buffer.concat(chunks, length);
}

/** The bytes read; 0 at the end. */
function readOnce(file: number, into: Uint8Array): number {
  for (;;) {
    try {
      return readSync(file, into, 0, into.length, null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Windows ends a closed pipe with an error.
      if (code === "EOF") return 0;
      if (code !== "EAGAIN") throw error;
      // Somebody has made the stream non-blocking, and nothing is there yet.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
