import type { IncomingMessage } from "node:http";

const BODY_LIMIT_BYTES = 64 * 1024;

/**
 * Reads the whole body; `undefined` if it is too large. A request without a body is answered at once, and one that
 * breaks off in the middle never.
 */
export function withBody(request: IncomingMessage, done: (bodyText: string | undefined) => void): void {
  const { headers } = request;
  if (headers["content-length"] === undefined && headers["transfer-encoding"] === undefined) return done("");
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  request.on("data", (chunk: Buffer) => {
    sizeBytes += chunk.length;
    // The rest is read and dropped. Otherwise a client that is still sending would not see the answer.
    if (sizeBytes <= BODY_LIMIT_BYTES) chunks.push(chunk);
  });
  request.on("end", () => done(sizeBytes <= BODY_LIMIT_BYTES ? Buffer.concat(chunks).toString() : undefined));
  request.on("error", () => chunks.splice(0));
}
