import { createServer, request as forward, type IncomingMessage } from "node:http";

/** What a request is, as far as a test chooses among them. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
}

/** Stands between the backend and its server, and loses what a network can lose. */
export interface LosingProxy {
  /** The server's base URL as it is reached through here. */
  readonly url: string;
  /** Every request that was forwarded. */
  readonly seen: SeenRequest[];
  /** The next such request reaches the server and is acted upon; its answer is lost. */
  loseAnswer(which: (request: SeenRequest) => boolean): void;
  /** The next such request reaches the server without its credential. */
  loseCredential(which: (request: SeenRequest) => boolean): void;
  close(): Promise<void>;
}

const credentialHeaders = ["authorization", "x-auth-token"];

export async function startLosingProxy(serverUrl: string): Promise<LosingProxy> {
  const target = new URL(serverUrl);
  const seen: SeenRequest[] = [];
  let losesAnswer: ((request: SeenRequest) => boolean) | undefined;
  let losesCredential: ((request: SeenRequest) => boolean) | undefined;

  const server = createServer((incoming, outgoing) => {
    const request = { method: incoming.method ?? "", path: (incoming.url ?? "").slice(target.pathname.length) };
    seen.push(request);
    const withoutAnswer = losesAnswer?.(request) ?? false;
    const withoutCredential = losesCredential?.(request) ?? false;
    if (withoutAnswer) losesAnswer = undefined;
    if (withoutCredential) losesCredential = undefined;
    const sent = { ...incoming.headers };
    if (withoutCredential) for (const name of credentialHeaders) delete sent[name];
    const onward = forward(
      { host: target.hostname, port: target.port, method: incoming.method, path: incoming.url, headers: sent },
      (answer: IncomingMessage) => {
        if (withoutAnswer) answer.resume().on("end", () => incoming.socket.destroy());
        else answer.pipe(outgoing.writeHead(answer.statusCode ?? 502, answer.headers));
      },
    );
    onward.on("error", () => incoming.socket.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}${target.pathname}`,
    seen,
    loseAnswer: (which) => (losesAnswer = which),
    loseCredential: (which) => (losesCredential = which),
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
