/** Answers as a service writes them byte by byte: whatever stands where, a create ends as what it is. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { inspect } from "node:util";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "@jest/globals";
import { isUnclear } from "../../provider/errors";
import { createHttpClient } from "../../provider/http/client";
import type { HttpRequest } from "../../provider/http/request";
import { rememberSecrets } from "../../provider/secrets/known-secrets";
import { windowsIn } from "../support/echoes";

const secret = "acmeKEYQ7wZx93kLmPz0vNbT4yH";
const create: HttpRequest = { method: "POST", path: "/keys", json: { name: "export" } };
const json = "content-type: application/json\r\n";

let server: Server | undefined;
afterEach(async () => {
  if (!server?.listening) return;
  const closed = once(server, "close");
  server.close();
  await closed;
});

/** A service that answers the request on each connection with these pieces, one after the other, and ends it. */
async function clientOf(...pieces: readonly (string | Buffer)[]) {
  server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => void writeAll(pieces));
    const writeAll = async (left: readonly (string | Buffer)[]) => {
      for (const piece of left) {
        await new Promise((written) => socket.write(piece, written));
        // The next piece is one of its own where the other side reads.
        await new Promise(setImmediate);
      }
      socket.end();
    };
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return createHttpClient({ url: `http://127.0.0.1:${port}`, timeoutMs: 5_000, retryBudgetMs: 0 });
}

function whole(status: string, headers: string, body: string | Buffer): Buffer {
  const head = `HTTP/1.1 ${status}\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), Buffer.from(body)]);
}

async function failureOf(call: Promise<unknown>): Promise<Error> {
  const outcome: unknown = await call.then(
    (answer) => answer,
    (error: unknown) => error,
  );
  if (!(outcome instanceof Error)) throw new Error(`expected a failure, but ${JSON.stringify(outcome)}`);
  return outcome;
}

describe("an interim answer that nobody has asked for", () => {
  const made = whole("201 Created", json, '{"id":"1"}');
  const go = "HTTP/1.1 100 Continue\r\n\r\n";

  test.each<[string, readonly (string | Buffer)[]]>([
    ["100", [go, made]],
    ["100 in one piece with the answer", [Buffer.concat([Buffer.from(go), made])]],
    ["100 in many pieces", [...Array.from(go), made]],
    ["100 with headers", ["HTTP/1.1 100 Go on\r\nx-more: a\r\n\r\n", made]],
    ["100 of HTTP/1.0", ["HTTP/1.0 100 Continue\r\n\r\n", made]],
    ["100 three times", [go + go, go, made]],
    ["102", ["HTTP/1.1 102 Processing\r\n\r\n", made]],
    ["103", ["HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n", made]],
  ])("is none: the key is made (%s)", async (_title, pieces) => {
    const http = await clientOf(...pieces);
    expect(await http.request(create)).toMatchObject({ status: 201, body: { id: "1" } });
  });

  test("is left where it is in a body", async () => {
    const body = JSON.stringify({ text: `HTTP/1.1 100 Continue\r\n\r\n` });
    const [head = "", rest = ""] = whole("200 OK", json, body)
      .toString()
      .split(/(?<=\r\n\r\n)/);
    const http = await clientOf(head, rest);
    expect((await http.request(create)).body).toEqual(JSON.parse(body));
  });

  test.each<[string, readonly string[]]>([
    ["nothing comes after it", [go]],
    ["half of it comes", [go.slice(0, 9)]],
    ["its headers have no end", [`HTTP/1.1 100 Continue\r\n${"x-more: a\r\n".repeat(5_000)}`]],
    [
      "another protocol comes after it",
      [go, "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"],
    ],
    ["no HTTP comes after it", [go, `${secret}\r\n\r\n`]],
  ])("leaves a create unclear where %s", async (_title, pieces) => {
    const http = await clientOf(...pieces);
    const error = await failureOf(http.request(create));
    expect(isUnclear(error)).toBe(true);
  });
});

describe("a secret", () => {
  const spread = JSON.stringify(Object.fromEntries(Object.entries(Array.from(secret))));
  test.each<[string, string | Buffer]>([
    ["in the words of the status", whole(`403 ${secret}`, json, "{}")],
    [
      "in every header",
      whole(
        "403 No",
        `content-type: ${secret}\r\nset-cookie: s=${secret}\r\nwww-authenticate: Bearer realm="${secret}"\r\nserver: ${secret}\r\nretry-after: ${secret}\r\nx-${secret}: 1\r\nlocation: /${secret}\r\nx-request-id: ${secret}\r\n`,
        "{}",
      ),
    ],
    [
      "in a trailer, and behind a chunk's length",
      `HTTP/1.1 403 No\r\n${json}transfer-encoding: chunked\r\n\r\n2;${secret}\r\n{}\r\n0\r\nx: ${secret}\r\n\r\n`,
    ],
    [
      "in an early hint",
      Buffer.concat([Buffer.from(`HTTP/1.1 103 ${secret}\r\nlink: <${secret}>\r\n\r\n`), whole("403 No", json, "{}")]),
    ],
    ["in the place of the status", `HTTP/1.1 ${secret} No\r\n\r\n{}`],
    [
      "in the place of a chunk's length",
      `HTTP/1.1 201 C\r\n${json}transfer-encoding: chunked\r\n\r\n${secret}\r\n{}\r\n`,
    ],
    ["as a body of UTF-16", whole("403 No", json, Buffer.from(`{"message":"${secret}"}`, "utf16le"))],
    [
      "with bytes that are no text",
      whole("403 No", json, Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(secret)])),
    ],
    [
      "stored in gzip as it is",
      whole("403 No", `${json}content-encoding: gzip\r\n`, gzipSync(`{"message":"${secret}"}`, { level: 0 })),
    ],
    ["as a list of numbers", whole("422 No", json, JSON.stringify({ errors: { key: [...Buffer.from(secret)] } }))],
    ["as a list of letters", whole("422 No", json, JSON.stringify({ errors: Array.from(secret) }))],
    ["as an object of letters", whole("422 No", json, `{"errors":${spread}}`)],
    ["twice under one name", whole("403 No", json, `{"message":"no","message":"${secret}"}`)],
    [
      "in a prototype",
      whole("403 No", json, `{"__proto__":{"message":"${secret}"},"message":{"toString":"${secret}"}}`),
    ],
  ])("that comes back %s is in no error", async (_title, answer) => {
    rememberSecrets(secret);
    const http = await clientOf(answer);
    const error = await failureOf(http.request(create));
    expect(windowsIn(`${error.message}\n${error.stack ?? ""}\n${inspect(error)}`, secret)).toEqual([]);
    expect({}).not.toHaveProperty("message");
  });
});

describe("an answer in an encoding that was not asked for", () => {
  const packed = (status: string, encoding: string, text: string) =>
    whole(status, `${json}content-encoding: ${encoding}\r\n`, gzipSync(text));

  test("says so, and leaves a create unclear", async () => {
    const http = await clientOf(packed("201 Created", "gzip", '{"id":"1"}'));
    const error = await failureOf(http.request(create));
    expect(isUnclear(error)).toBe(true);
    expect(error.message).toContain("POST /keys answered 201 in an encoding that was not asked for (gzip).");
  });

  test("is no proof of absence: it may be a page for people", async () => {
    const http = await clientOf(packed("404 Not Found", "br", "<html>"));
    const call = http.request({ method: "GET", path: "/keys/1", absent: [404] });
    expect((await failureOf(call)).message).toContain("answered 404 in an encoding that was not asked for (br)");
  });

  test("is no refusal's words, and its name is told where it is a usual one", async () => {
    const refusal = await failureOf((await clientOf(packed("400 Bad", "gzip", '{"message":"no"}'))).request(create));
    expect(refusal.message).toBe("POST /keys answered 400.");
    await once(server!.close(), "close");
    const odd = await failureOf((await clientOf(packed("200 OK", secret, "{}"))).request(create));
    expect(odd.message).toContain("not asked for (an unusual one)");
  });
});
