/**
 * Stands in front of Prism and remembers what the vendor's document does not allow. A test that expects a refusal would
 * take Prism's for the vendor's; here each is a failure with the request's name. Prism lets properties pass that no
 * schema declares: they are found here.
 */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import type { JsonObject } from "./published-document";
import { bodySchema, type Operation, operationOf, undeclared } from "./schemas";

export interface DocumentGate {
  readonly url: string;
  /** Throws what the document has not allowed since the last call. */
  assertHeld(): void;
  /** How many requests were held to the document, by operation. */
  readonly passed: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

interface Exchange {
  readonly method: string;
  /** Without the base path. */
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export async function startDocumentGate(
  document: JsonObject,
  prismUrl: string,
  basePath: string,
): Promise<DocumentGate> {
  const refused: string[] = [];
  const passed = new Map<string, number>();
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const { method = "", url: target = "", headers } = incoming;
      const body = await textOf(incoming);
      const url = new URL(target.slice(basePath.length), prismUrl);
      const exchange = { method, url, headers, body };
      const answer = await passOn(exchange);
      const told = await textOf(answer);
      const name = `${method} ${url.pathname}`;
      const operation = operationOf(document, method, url.pathname);
      if (operation) passed.set(`${method} ${operation.path}`, (passed.get(`${method} ${operation.path}`) ?? 0) + 1);
      refused.push(
        ...prismsWords(answer, told).map((words) => `${name}: ${words}`),
        ...(operation ? undeclaredIn(document, operation, exchange) : []).map((place) => `${name}: sends ${place}`),
        ...(operation ? undeclaredAnswer(document, operation, answer, told) : []).map(
          (place) => `${name}: the double answers with ${place}`,
        ),
      );
      outgoing.writeHead(answer.statusCode ?? 502, withoutHop(answer.headers)).end(told);
    })().catch((error: unknown) => {
      refused.push(`the gate failed: ${String(error)}`);
      incoming.socket.destroy();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${basePath}`,
    passed,
    assertHeld() {
      const found = refused.splice(0);
      if (found.length > 0)
        throw new Error(
          `the vendor's document does not allow:\n${[...new Set(found)].map((each) => `  ${each}`).join("\n")}`,
        );
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Prism's own refusals: what it says about the request, and about the double's answer. */
function prismsWords({ headers, statusCode = 0 }: IncomingMessage, body: string): string[] {
  const violations = headers["sl-violations"];
  if (typeof violations === "string") return [violations];
  return statusCode >= 400 && body.includes("stoplight.io/prism/errors#") ? [body] : [];
}

function undeclaredIn(document: JsonObject, operation: Operation, { url, body }: Exchange): string[] {
  const query = [...url.searchParams.keys()].filter((name) => !operation.query.has(name.replace(/\[\]$/, "")));
  const schema = bodySchema(document, operation);
  const json = parsed(body);
  const extra = json !== undefined && schema === undefined ? ["a body, and the operation takes none"] : [];
  return [
    ...extra,
    ...query.map((name) => `the query "${name}", which is not declared`),
    ...undeclared(document, schema ? [schema] : [], json).map((place) => `"${place}", which is not declared`),
  ];
}

function undeclaredAnswer(document: JsonObject, operation: Operation, answer: IncomingMessage, body: string): string[] {
  const schema = bodySchema(document, operation, answer.statusCode ?? 0);
  if (!schema || prismsWords(answer, body).length > 0) return [];
  return undeclared(document, [schema], parsed(body)).map((place) => `"${place}", which is not declared`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

async function passOn({ method, url, headers, body }: Exchange): Promise<IncomingMessage> {
  const onward = httpRequest(url, { method, headers: { ...headers, host: url.host }, agent: false });
  onward.end(body);
  const [answer] = (await once(onward, "response")) as [IncomingMessage];
  return answer;
}

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

/** What only holds between two servers. The body is sent anew, so its length is, too. */
function withoutHop({
  connection: _connection,
  "keep-alive": _keepAlive,
  "transfer-encoding": _encoding,
  "content-length": _length,
  ...headers
}: IncomingHttpHeaders) {
  return headers;
}
