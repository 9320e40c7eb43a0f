/**
 * What a service's answer may cost: no longer than the attempt's timeout and a second, and no more than 256 MB,
 * whatever it sends. Each is read in a process of its own, which measures itself.
 */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "@jest/globals";

const timeoutMs = 5_000;
const mostMegabytes = 256;
const mega = 1024 * 1024;

/** Sends an answer, or as much of one as the other side takes. */
type Answer = (send: (text: string) => Promise<void>) => Promise<void>;

let answer: Answer = () => Promise.resolve();
const server = createServer((socket) => {
  socket.on("error", () => undefined);
  let asked = "";
  socket.on("data", (bytes) => {
    asked += bytes.toString("latin1");
    if (!asked.includes("\r\n\r\n")) return;
    const isSmall = asked.startsWith("GET /small");
    asked = "";
    void (isSmall ? whole(200, "{}") : answer)((text) => sent(socket, text)).catch(() => socket.destroy());
  });
});

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(async () => {
  const closed = once(server, "close");
  server.close();
  await closed;
});

async function sent(socket: Socket, text: string): Promise<void> {
  if (socket.destroyed) throw new Error("nobody reads any more");
  if (!socket.write(text)) await Promise.race([once(socket, "drain"), once(socket, "close")]);
}

function whole(status: number, body: string, headers = ""): Answer {
  return (send) =>
    send(
      `HTTP/1.1 ${status} Odd\r\ncontent-type: application/json\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
}

/** After a head, one text for ever. */
function endless(head: string, text: string): Answer {
  return async (send) => {
    await send(head);
    for (;;) {
      await send(text);
      await new Promise(setImmediate);
    }
  };
}

const chunked = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
/** A page of a list that names a next one each time. */
function nextPage(): Answer {
  pages += 1;
  const data = Array.from({ length: 2_000 }, (_, index) => ({
    id: `key-${pages}-${index}`,
    name: `name-${index}`,
    masked: "ply_live_abcdef…wxyz",
    scopes: ["read:checks"],
    environment: "live",
    status: "active",
    created_at: "2026-06-15T12:00:00Z",
    last_used_at: null,
    expires_at: null,
  }));
  return whole(200, JSON.stringify({ data, has_more: true, next_cursor: `page-${pages}` }));
}
let pages = 0;

test.each<[string, "GET" | "POST" | "list", () => Answer, RegExp]>([
  ["a body without end", "GET", () => endless(chunked, `10000\r\n${"a".repeat(0x10000)}\r\n`), /more than 16 MiB/],
  [
    "a body of single characters without end",
    "GET",
    () => endless(chunked, "1\r\na\r\n".repeat(2_000)),
    /more than 16 MiB|no complete answer/,
  ],
  ["a text of 15 MB", "GET", () => whole(200, `"${"a".repeat(15 * mega)}"`), /answered/],
  ["brackets in brackets", "GET", () => whole(200, "[".repeat(15 * mega)), /nested deeper/],
  ["five million values", "GET", () => whole(200, `[${"0,".repeat(5_000_000)}0]`), /more than 500000 values/],
  [
    "a refusal of 15 MB that looks like tokens",
    "POST",
    () => whole(400, JSON.stringify({ message: "eyJaaaaaaaaaa-".repeat(mega) })),
    /answered 400/,
  ],
  [
    "a refusal of 15 MB in escapes",
    "POST",
    () => whole(422, JSON.stringify({ message: "%25%32%35".repeat(1.6 * mega) })),
    /answered 422/,
  ],
  [
    "a refusal with a hundred thousand fields that look like secrets",
    "POST",
    () =>
      whole(
        400,
        JSON.stringify(
          Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`f${at}_token`, `s${at}x9Kq${at}Zz7`])),
        ),
      ),
    /answered 400/,
  ],
  [
    "headers without end",
    "GET",
    () => endless("HTTP/1.1 200 OK\r\n", `x-more: ${"a".repeat(1_000)}\r\n`),
    /more headers than/,
  ],
  [
    "a status line without end",
    "GET",
    () => endless("HTTP/1.1 200 ", "a".repeat(10_000)),
    /connection broke|no complete answer|more headers/,
  ],
  [
    "other answers without end before the answer",
    "GET",
    () => endless("", "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"),
    /no complete answer|connection broke/,
  ],
  ["nothing after the head", "GET", () => (send) => send(chunked), /no complete answer .* within 5 s/],
  [
    "gzip that would become a gigabyte",
    "GET",
    () => whole(200, "a".repeat(mega), "content-encoding: gzip\r\n"),
    /encoding that was not asked for/,
  ],
  ["a list without end", "list", () => (send) => nextPage()(send), /goes on after/],
])(
  "%s takes no more time than its timeout and a second, and little memory",
  async (_title, kind, make, outcome) => {
    answer = make();
    const { port } = server.address() as AddressInfo;
    const child = join(__dirname, "support", "measured-call.js");
    const args = [child, `http://127.0.0.1:${port}`, String(timeoutMs), kind];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 60_000 });
    const took = JSON.parse(stdout) as { ms: number; megabytes: number; outcome: string };
    expect(took.outcome).toMatch(outcome);
    expect({ ...took, inTime: took.ms <= timeoutMs + 1_000 }).toEqual({ ...took, inTime: true });
    expect({ ...took, small: took.megabytes <= mostMegabytes }).toEqual({ ...took, small: true });
  },
  60_000,
);
