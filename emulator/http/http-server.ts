import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { Answer } from "./answer";
import type { BoundedLog } from "./bounded-log";
import type { Faults } from "./faults";
import { deliver, send, sendInstead, sendText } from "./http-answer";
import { withBody } from "./http-body";
import type { RequestEntry } from "./request-log";
import { Call, type Endpoint, type Service } from "./service";

/** Longer than clients keep idle connections, so that none is closed during a request. */
const KEEP_ALIVE_MS = 65_000;

export interface ServerParts {
  readonly services: readonly Service[];
  readonly control: Endpoint;
  /** The HTML at `/`. */
  readonly page: () => string;
  readonly faults: Faults;
  readonly log: BoundedLog<RequestEntry>;
  readonly nowMs: () => number;
  /** Left out: nothing is reported. */
  readonly report: ((line: string) => void) | undefined;
}

export interface EmulatorServer {
  readonly server: Server;
  /** Detects foreign requests; set as soon as the port is known. */
  guard: (headers: IncomingHttpHeaders) => Answer | undefined;
  /** Closes all connections, and drops the requests that a `delay` still holds. */
  close(): Promise<void>;
}

const htmlHeaders = { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store" };

/** A request whose body has not been read yet. */
interface Arrival {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly path: string;
  readonly queryText: string;
}

/** The path of every request: guard, route, fault, body, handler, answer, log. */
export function emulatorServer({ services, control, page, faults, log, nowMs, report }: ServerParts): EmulatorServer {
  const servicesBySegment = new Map(services.map((service) => [firstSegment(service.basePath), service]));
  const delayed = new Set<NodeJS.Timeout>();

  function arrive(request: IncomingMessage, response: ServerResponse): void {
    const refused = emulator.guard(request.headers);
    if (refused) return send(response, refused);
    const target = request.url ?? "/";
    const queryAt = target.indexOf("?");
    const path = queryAt < 0 ? target : target.slice(0, queryAt);
    const queryText = queryAt < 0 ? "" : target.slice(queryAt + 1);
    if (path === "/" && (request.method ?? "GET") === "GET") return sendText(response, 200, page(), htmlHeaders);
    const arrival = { request, response, method: request.method ?? "GET", path, queryText };
    const service = servicesBySegment.get(firstSegment(path));
    if (service) return serve(arrival, service);
    withBody(request, (bodyText) => send(response, answerTo(arrival, control, bodyText).answer));
  }

  function serve(arrival: Arrival, service: Service): void {
    const { request, response, method, path } = arrival;
    response.setHeader("Date", new Date(nowMs()).toUTCString());
    const fault = faults.take(service.name, method, path);

    const finish = (status: number | null, keyId: string | null) => {
      const entry = { atMs: nowMs(), service: service.name, method, path, status, keyId };
      log.add(fault ? { ...entry, fault: fault.kind } : entry);
      report?.(`${method} ${path} ${status ?? "dropped"}${fault ? ` (${fault.kind})` : ""}`);
    };
    const work = (bodyText: string | undefined) => {
      if (fault?.kind === "drop-before") {
        request.socket.destroy();
        return finish(null, null);
      }
      if (fault?.kind === "status") {
        const fallback = service.problem(fault.status ?? 500, "An injected fault.");
        sendInstead(response, fault, fallback);
        return finish(fallback.status, null);
      }
      const { answer, keyId } = answerTo(arrival, service, bodyText);
      finish(deliver(response, answer, fault), keyId);
    };
    withBody(request, (bodyText) => {
      if (!fault || fault.delayMs === 0) return work(bodyText);
      const timer = setTimeout(() => {
        delayed.delete(timer);
        work(bodyText);
      }, fault.delayMs);
      delayed.add(timer);
    });
  }

  function answerTo(
    { request, method, path, queryText }: Arrival,
    to: Endpoint,
    bodyText: string | undefined,
  ): { answer: Answer; keyId: string | null } {
    const { basePath } = to;
    if (bodyText === undefined) return { answer: to.problem(413, "The body is too large."), keyId: null };
    if (!path.startsWith(`${basePath}/`)) return { answer: to.problem(404, `There is no ${path}.`), keyId: null };
    const call = new Call({
      method,
      path: path.slice(basePath.length),
      baseUrl: `http://${request.headers.host}${basePath}`,
      ip: request.socket.remoteAddress ?? "127.0.0.1",
      queryText,
      authorization: request.headers.authorization,
      bodyText,
    });
    try {
      return { answer: to.handle(call), keyId: call.keyId };
    } catch (error) {
      // A full disk, or a bug in the emulator. The client must not take it for a refusal.
      report?.(`${method} ${path} failed: ${error instanceof Error ? error.stack : String(error)}`);
      return { answer: to.problem(500, "The emulator could not do this."), keyId: call.keyId };
    }
  }

  const server = createServer(arrive);
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  const emulator: EmulatorServer = {
    server,
    guard: () => ({ status: 503 }),
    async close() {
      for (const timer of delayed) clearTimeout(timer);
      delayed.clear();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
  return emulator;
}

function firstSegment(path: string): string {
  const end = path.indexOf("/", 1);
  return path.slice(1, end < 0 ? undefined : end);
}
