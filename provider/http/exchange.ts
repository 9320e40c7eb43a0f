/**
 * Sends one request and reads its answer. Only this file opens sockets. It never follows a redirect, so the credential
 * reaches a single origin.
 */
import type { Dispatcher } from "undici";
import { ConnectionError, ResponseShapeError } from "../errors";
import { destroyPools, poolFor, undici } from "./network";
import type { TlsFiles } from "./tls-files";
import { brokenExchange, unsendable } from "./no-answer";
import { addressOf, type HttpRequest, labelOf, type SignedRequest } from "./request";
import type { AnswersClock } from "./service-clock";
import type { Clock } from "./waiting";

/** Where requests go, and through which connections. */
export interface Destination {
  readonly url: string;
  /** Certificates of this connection only. */
  readonly tls?: TlsFiles | undefined;
  /** Left out: this process's pool for the service. */
  readonly dispatcher?: Dispatcher | undefined;
  /** Learns the service's time from its answers. */
  readonly serviceClock?: AnswersClock | undefined;
  readonly clock: Clock;
}

/** An answer as it came. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
}

const largestBodyBytes = 16 * 1024 * 1024;
let stopped: string | undefined;

/** Stops all requests of this process, also running ones, when the engine that records their answers is gone. */
export function stopSending(why: string): void {
  stopped = why;
  destroyPools();
}

/** @throws ConnectionError - no complete answer came within `limitMs`; it says whether anything was sent */
export async function exchange(signed: SignedRequest, to: Destination, limitMs: number): Promise<RawAnswer> {
  const { request, credential } = signed;
  const signal = AbortSignal.timeout(limitMs);
  const label = () => labelOf(signed);
  const body = bodyText(request, label) ?? null;
  const dispatcher = to.dispatcher ?? (await poolFor(to.url, to.tls));
  if (stopped !== undefined) throw new ConnectionError(`${label()}: nothing was sent, because ${stopped}.`, false);
  const sentAtMs = to.clock.nowMs();
  try {
    const response = await undici().request(addressOf(request, to.url), {
      method: request.method,
      headers: {
        accept: "application/json",
        "user-agent": "pulumi-apikeys",
        ...bodyType(request),
        ...credential.headers,
        ...request.headers,
      },
      body,
      dispatcher,
      signal,
      headersTimeout: limitMs,
      bodyTimeout: limitMs,
    });
    const headers = Object.fromEntries(
      Object.entries(response.headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
    );
    to.serviceClock?.note(headers, { sentAtMs, cameAtMs: to.clock.nowMs() });
    return { status: response.statusCode, headers, text: await readBody(response.body, label) };
  } catch (error) {
    if (error instanceof ResponseShapeError) throw error;
    const timedOutAfterMs = signal.aborted ? limitMs : undefined;
    throw brokenExchange(error, { label: label(), url: to.url, timedOutAfterMs });
  }
}

function bodyType(request: HttpRequest): Record<string, string> {
  if (request.json !== undefined) return { "content-type": "application/json" };
  return request.form ? { "content-type": "application/x-www-form-urlencoded" } : {};
}

function bodyText(request: HttpRequest, label: () => string): string | undefined {
  try {
    if (request.json !== undefined) return JSON.stringify(request.json);
    return request.form ? new URLSearchParams(request.form).toString() : undefined;
  } catch {
    // JSON cannot express it: a bigint, or a value that contains itself.
    throw unsendable(label());
  }
}

async function readBody(body: Dispatcher.ResponseData["body"], label: () => string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > largestBodyBytes)
      throw new ResponseShapeError(`${label()} answered with more than ${largestBodyBytes / 1024 / 1024} MiB.`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}
