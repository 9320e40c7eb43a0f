/** What a service may send on a connection besides its answers: interim answers and TLS alerts. */
import type { Duplex } from "node:stream";

/** A connection that is watched for answers. */
export interface WatchedConnection {
  /** True after the first byte of an answer: the handshake is over, and the service has read the request. */
  readonly hasAnswered: () => boolean;
}

/** An interim answer is no longer than the headers of an answer. */
const longestHead = 16 * 1024;
const interim = Buffer.from("HTTP/1.1 100");

/**
 * Removes `100 Continue` answers from what is read of a connection. A client must accept one that it did not ask for
 * (RFC 9110, 15.2), but undici breaks the connection, and nobody knows what happened to the request.
 */
export function watchConnection(socket: Duplex): WatchedConnection {
  const read = socket.read.bind(socket) as (size?: number) => Buffer | null;
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  let answered = false;
  let awaitsAnswer = true;
  let held = Buffer.alloc(0);
  socket.write = ((...args: unknown[]) => {
    awaitsAnswer = true;
    return write(...args);
  }) as Duplex["write"];
  socket.read = (size?: number) => {
    for (;;) {
      const bytes = read(size);
      if (bytes === null) return null;
      answered = true;
      if (!awaitsAnswer) return bytes;
      held = withoutInterim(Buffer.concat([held, bytes]));
      if (isInterim(held) && held.length <= longestHead) continue;
      awaitsAnswer = false;
      const answer = held;
      held = Buffer.alloc(0);
      return answer;
    }
  };
  return { hasAnswered: () => answered };
}

/** The bytes after all complete interim answers. */
function withoutInterim(bytes: Buffer): Buffer<ArrayBuffer> {
  let at = 0;
  while (bytes.length - at >= interim.length && isInterim(bytes.subarray(at))) {
    const end = bytes.indexOf("\r\n\r\n", at);
    if (end < 0) break;
    at = end + 4;
  }
  return Buffer.from(bytes.subarray(at));
}

/** Also true for bytes that may become one with the bytes that follow. */
function isInterim(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, interim.length);
  // The version's last digit may differ.
  return Array.from({ length }, (_, at) => at === 7 || bytes[at] === interim[at]).every(Boolean);
}
