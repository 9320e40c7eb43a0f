/** What every vendor's double is made of: a small HTTP server on loopback, over routes that answer with data. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

export interface VendorDouble {
  /** The base URL, as a connection's `url` has it. */
  readonly url: string;
  close(): Promise<void>;
}

export interface Asked {
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The parsed JSON body; undefined where there is none, or where it is no JSON. */
  readonly body: unknown;
  /** What stands in the place of the route's placeholders, in their order. */
  readonly parts: readonly string[];
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** By `METHOD /path/{placeholder}`, below the base path. */
export type Routes = Readonly<Record<string, (asked: Asked) => Answer>>;

interface Served {
  readonly basePath: string;
  readonly routes: Routes;
  /** Asked before any route: an answer is the refusal. */
  readonly refuse?: (asked: Asked & { readonly method: string; readonly path: string }) => Answer | undefined;
  /** The vendor's words where there is no such path. */
  readonly notFound: Answer;
}

export async function serve({ basePath, routes, refuse, notFound }: Served): Promise<VendorDouble> {
  const table = Object.entries(routes).map(([name, run]) => {
    const [method = "", template = ""] = name.split(" ");
    const literal = template.split(/\{[^}]*\}/).map((part) => part.replace(/[.*+?^$()|[\]\\]/g, "\\$&"));
    return { method, pattern: new RegExp(`^${literal.join("([^/]+)")}$`), run };
  });
  const answerTo = (method: string, target: string, headers: IncomingHttpHeaders, text: string): Answer => {
    const url = new URL(target, "http://127.0.0.1");
    const path = url.pathname.slice(basePath.length);
    const asked = { query: url.searchParams, headers, body: parsed(text), parts: [], method, path };
    const refusal = refuse?.(asked);
    if (refusal) return refusal;
    for (const { method: own, pattern, run } of table) {
      const match = own === method ? pattern.exec(path) : null;
      if (match) return run({ ...asked, parts: match.slice(1).map(decodeURIComponent) });
    }
    return notFound;
  };
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString("utf8");
      const { method = "", url = "", headers } = incoming;
      const { status, body, headers: more } = answerTo(method, url, headers, text);
      outgoing.writeHead(status, { ...(body !== undefined && { "content-type": "application/json" }), ...more });
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    })().catch(() => incoming.socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${basePath}`,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** A body's own fields, whatever it is. */
export function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === "object" && body !== null ? (body as Readonly<Record<string, unknown>>) : {};
}
