import { type IncomingMessage, request as send, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * Where a request is stopped, counted from the service's side:
 * `arrived` - every request has arrived, none was forwarded;
 * `committed` - the service has answered every one, nothing was delivered;
 * `half` - half of every answer was delivered;
 * `delivered` - every answer was delivered whole.
 */
export type HoldPoint = "arrived" | "committed" | "half" | "delivered";

export interface Hold {
  readonly point: HoldPoint;
  readonly method: string;
  readonly path: RegExp;
  /** How many requests are collected before the moment has come. */
  readonly count: number;
}

/** One service behind a proxy on loopback that can hold requests at a chosen point. */
export interface HoldingProxy {
  /** Like the service's own URL, on the proxy's port. */
  through(url: string): string;
  /** Arms the proxy. Resolves when `count` requests stand at the point; they stay there until `release` or `reset`. */
  hold(hold: Hold): Promise<void>;
  /** Lets everything go on: requests are forwarded and answers delivered to whoever is still there. */
  release(): Promise<void>;
  /** Breaks every connection that is held, with a TCP reset. */
  reset(): void;
  close(): Promise<void>;
}

interface Held {
  readonly proceed: () => Promise<void>;
  readonly destroy: () => void;
}

export async function startHoldingProxy(): Promise<HoldingProxy> {
  let armed: (Hold & { readonly reached: () => void }) | undefined;
  let left = 0;
  const held: Held[] = [];

  const server = createServer((request, response) => {
    void serve(request, response).catch(() => response.destroy());
  });
  // Keep-alive towards clients that are about to be killed only leaves half-open sockets behind.
  server.keepAliveTimeout = 1_000;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    const hold = take(request);
    const stand = (proceed: () => Promise<void>): Promise<void> =>
      new Promise((done) => {
        held.push({
          proceed: async () => {
            await proceed().catch(() => response.destroy());
            done();
          },
          destroy: () => {
            response.socket?.resetAndDestroy();
            done();
          },
        });
        if (--left === 0) hold?.reached();
      });
    if (hold?.point === "arrived") {
      await stand(async () => deliver(response, await forward(request, body)));
      return;
    }
    const answer = await forward(request, body);
    if (hold?.point === "committed") {
      await stand(() => deliver(response, answer));
      return;
    }
    if (hold?.point === "half") {
      const half = Math.floor(answer.body.length / 2);
      response.writeHead(answer.status, answer.headers);
      response.write(answer.body.subarray(0, half));
      await stand(() => ended(response, answer.body.subarray(half)));
      return;
    }
    await deliver(response, answer);
    if (hold) await stand(() => Promise.resolve());
  }

  /** The hold, where this request is one of those that are waited for. */
  function take({ method, url }: IncomingMessage): typeof armed {
    if (!armed || left === 0 || method !== armed.method || !armed.path.test(url ?? "")) return undefined;
    const mine = armed;
    taken += 1;
    if (taken > mine.count) return undefined;
    return mine;
  }
  let taken = 0;

  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const targets = new Map<string, string>();

  function forward(request: IncomingMessage, body: Buffer): Promise<Answer> {
    const target = [...targets.entries()].find(([path]) => request.url?.startsWith(path))?.[1];
    if (target === undefined) throw new Error("the proxy leads nowhere");
    const { host: _host, connection: _connection, ...headers } = request.headers;
    return new Promise((done, fail) => {
      const outgoing = send(
        new URL(request.url ?? "/", target),
        { method: request.method, headers: { ...headers, "content-length": String(body.length) } },
        (answer) => {
          bodyOf(answer).then(
            (text) => done({ status: answer.statusCode ?? 502, headers: plainHeaders(answer), body: text }),
            fail,
          );
        },
      );
      outgoing.on("error", fail);
      outgoing.end(body);
    });
  }

  return {
    through(url) {
      const { origin, pathname } = new URL(url);
      targets.set(pathname, origin);
      return `http://127.0.0.1:${port}${pathname}`;
    },
    hold: (hold) =>
      new Promise((reached) => {
        taken = 0;
        left = hold.count;
        armed = { ...hold, reached };
      }),
    async release() {
      armed = undefined;
      await Promise.all(held.splice(0).map(({ proceed }) => proceed()));
    },
    reset() {
      armed = undefined;
      for (const { destroy } of held.splice(0)) destroy();
    },
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

function deliver(response: ServerResponse, { status, headers, body }: Answer): Promise<void> {
  if (!response.destroyed) response.writeHead(status, headers);
  return ended(response, body);
}

/** Sends the last of an answer, if anybody is still there: where the connection is gone, nothing calls back. */
function ended(response: ServerResponse, rest: Buffer): Promise<void> {
  return new Promise((done) => {
    if (response.destroyed || response.socket?.destroyed !== false) return done();
    response.on("close", done);
    response.end(rest, done);
  });
}

function plainHeaders(answer: IncomingMessage): Record<string, string> {
  const { connection: _connection, "transfer-encoding": _encoding, ...headers } = answer.headers;
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
