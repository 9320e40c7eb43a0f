/** A double in front of a service, which passes requests on or answers in its place. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { secondMs } from "../provider/values/durations";
import { readRetryAfter } from "../provider/http/rate-limit-headers";

/** A request on its way to the service. */
export interface PassingRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What is answered in the service's place. */
export type Interruption =
  /** The service never sees the request. */
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  /** The service acts on the request. If its answer is JSON, it is exchanged for this one. */
  | { readonly exchange: (answer: unknown) => string }
  /** The service never sees the request, and nobody answers. */
  | "drop";

/** A longer wait would outlast the time limit of the attempt. */
const longestWaitMs = 5 * secondMs;

/**
 * Stands in front of a service and passes requests on, or answers in the service's place. A request that the service
 * refuses because there were too many is sent again when the service asks for it: what a call does about an interruption
 * must not depend on how fast the suite is.
 */
export interface ServiceDouble {
  /** The base URL under which the service is reached through the double. */
  readonly url: string;
  /** The requests since the last `interrupt` or `passOn`. */
  readonly requests: readonly PassingRequest[];
  interrupt(how: (request: PassingRequest, count: number) => Interruption | undefined): void;
  passOn(): void;
  close(): Promise<void>;
}

export async function startServiceDouble(serviceUrl: string): Promise<ServiceDouble> {
  const service = new URL(serviceUrl);
  const basePath = service.pathname.replace(/\/+$/, "");
  let requests: PassingRequest[] = [];
  let interruption: (request: PassingRequest, count: number) => Interruption | undefined = () => undefined;

  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const { method = "", url = "", headers } = incoming;
      const body = await bytesOf(incoming);
      const request = { method, path: url.slice(basePath.length), headers, body: body.toString("utf8") };
      requests.push(request);
      const instead = interruption(request, requests.length);
      if (instead === "drop") return void incoming.socket.destroy();
      if (instead && "status" in instead)
        return void outgoing
          .writeHead(instead.status, { "content-type": "application/json", ...instead.headers })
          .end(instead.body);
      const answer = await passOnInTurn(service, { method, url, headers, body });
      const told = await bytesOf(answer);
      const json = instead && (answer.statusCode ?? 500) < 300 ? parseJson(told.toString("utf8")) : undefined;
      if (!instead || json === undefined)
        return void outgoing.writeHead(answer.statusCode ?? 502, unframed(answer.headers)).end(told);
      const { "content-length": _length, ...kept } = unframed(answer.headers);
      outgoing.writeHead(200, kept).end(instead.exchange(json));
    })().catch(() => incoming.socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${basePath}`,
    get requests() {
      return requests;
    },
    interrupt(how) {
      requests = [];
      interruption = how;
    },
    passOn() {
      requests = [];
      interruption = () => undefined;
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Headers without those that apply only between the service and its double. */
function unframed({
  connection: _connection,
  "keep-alive": _keepAlive,
  "transfer-encoding": _encoding,
  ...headers
}: IncomingHttpHeaders) {
  return headers;
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

interface Onward {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

async function passOnInTurn(service: URL, request: Onward): Promise<IncomingMessage> {
  for (const endMs = performance.now() + longestWaitMs; ;) {
    const answer = await passOn(service, request);
    const waitMs = readRetryAfter(answer.headers["retry-after"], Date.now());
    if (answer.statusCode !== 429 || waitMs === undefined || performance.now() + waitMs > endMs) return answer;
    answer.resume();
    await wait(waitMs);
  }
}

async function passOn(service: URL, { method, url, headers, body }: Onward): Promise<IncomingMessage> {
  const send = service.protocol === "https:" ? httpsRequest : httpRequest;
  const onward = send(new URL(url, service.origin), { method, headers: { ...headers, host: service.host } });
  onward.end(body);
  const [answer] = (await once(onward, "response")) as [IncomingMessage];
  return answer;
}
