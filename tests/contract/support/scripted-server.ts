import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** What the server does with one request. */
export type Behaviour =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  /** The connection is closed without an answer. */
  | "drop"
  /** Half an answer, then the connection is closed. */
  | "truncate"
  /** No answer at all. */
  | "hang";

/** A request as it arrived. */
export interface Arrived {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Which of the server's connections it came on, from 1. */
  readonly connection: number;
}

export interface ScriptedServer {
  readonly url: string;
  readonly requests: readonly Arrived[];
  /** What to do with the next requests, in turn; the last holds for all that follow. */
  script(...behaviours: readonly Behaviour[]): void;
  close(): Promise<void>;
}

export const ok: Behaviour = { status: 200, headers: { "content-type": "application/json" }, body: '{"ok":true}' };

/** A server that does what a test tells it, request by request. */
export async function startScriptedServer(): Promise<ScriptedServer> {
  let behaviours: readonly Behaviour[] = [ok];
  const requests: Arrived[] = [];
  const connections: Socket[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      const connection = connections.indexOf(request.socket) + 1;
      requests.push({
        method: request.method ?? "",
        url: request.url ?? "",
        headers: request.headers,
        body,
        connection,
      });
      const [next = ok, ...rest] = behaviours;
      if (rest.length > 0) behaviours = rest;
      perform(next, response);
    });
  });
  server.on("connection", (socket) => connections.push(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    script: (...next) => void (behaviours = next),
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function perform(behaviour: Behaviour, response: ServerResponse): void {
  if (behaviour === "hang") return;
  if (behaviour === "drop") return void response.socket?.destroy();
  if (behaviour === "truncate") {
    response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
    response.write('{"half":', () => response.socket?.destroy());
    return;
  }
  response.writeHead(behaviour.status, behaviour.headers).end(behaviour.body ?? "");
}
