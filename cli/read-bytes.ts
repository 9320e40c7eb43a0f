import { closeSync, fstatSync, openSync, readSync } from "node:fs";

export const standardInput = 0;

/** Reads at most `max` bytes of a file, so that a file of any size can be refused. */
export function readFileBytes(path: string, max: number): Uint8Array {
  const file = openSync(path, "r");
  try {
    // One byte more, so that a single read gets the whole file and sees its end.
    return readBytes(file, max, fstatSync(file).size + 1);
  } finally {
    closeSync(file);
  }
}

/** Reads at most `max` bytes of an open file or stream from its position, and waits for a stream's end. */
export function readBytes(file: number, max: number, expected = 0): Uint8Array {
  const chunks: Uint8Array[] = [];
  let [length, size] = [0, Math.max(expected, 64 * 1024)];
  while (length < max) {
    const chunk = Buffer.allocUnsafe(Math.min(size, max - length));
    const read = readOnce(file, chunk);
    if (read === 0) break;
    chunks.push(chunk.subarray(0, read));
    length += read;
    // A pipe returns 64 kB at a time; a file fills any buffer.
    size = read === chunk.length ? Math.min(2 * size, 16 * 1024 * 1024) : 64 * 1024;
  }
  const [only, ...more] = chunks;
  return only && more.length === 0 ? only : Buffer.concat(chunks, length);
}

/** The number of bytes read; 0 at the end. */
function readOnce(file: number, into: Uint8Array): number {
  for (;;) {
    try {
      return readSync(file, into, 0, into.length, null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Windows ends a closed pipe with an error.
      if (code === "EOF") return 0;
      if (code !== "EAGAIN") throw error;
      // Something made the stream non-blocking, and there is no data yet.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
