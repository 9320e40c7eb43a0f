import type { ServerResponse } from "node:http";
import type { Answer } from "./answer";
import type { Fault } from "./faults";

const GARBAGE = "<!doctype html>\n<title>Bad gateway</title>\n<h1>The upstream server answered something else</h1>\n";

export function send(response: ServerResponse, answer: Answer): void {
  if (answer.body === undefined) {
    response.writeHead(answer.status, answer.headers);
    response.end();
    return;
  }
  const text = JSON.stringify(answer.body);
  response.writeHead(answer.status, {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(text),
    ...answer.headers,
  });
  response.end(text);
}

/** Answers without any action: with the fault's answer, or the vendor's error. */
export function sendInstead(response: ServerResponse, fault: Fault, fallback: Answer): void {
  const { status } = fallback;
  const headers = { ...fallback.headers, ...fault.headers };
  if (status === carrying(status) && typeof fault.body === "string")
    return sendText(response, status, fault.body, headers);
  const body = fault.body === undefined ? fallback.body : fault.body;
  send(response, { status, headers, body: status === carrying(status) ? body : undefined });
}

/**
 * Sends the result of the route, as far as the fault allows.
 *
 * @returns the status sent, or null if the connection was dropped.
 */
export function deliver(response: ServerResponse, answer: Answer, fault: Fault | undefined): number | null {
  switch (fault?.kind) {
    case "drop-after-commit":
      response.socket?.destroy();
      return null;
    case "truncate":
      return sendHalf(response, answer);
    case "garbage": {
      const status = fault.status ?? carrying(answer.status);
      if (fault.body === undefined || typeof fault.body === "string") {
        sendText(response, status, fault.body ?? GARBAGE, { "Content-Type": "text/html", ...fault.headers });
      } else {
        send(response, { status, headers: fault.headers ?? {}, body: fault.body });
      }
      return status;
    }
    default:
      send(response, answer);
      return answer.status;
  }
}

/** Announces the whole body, sends half of it and hangs up. */
function sendHalf(response: ServerResponse, answer: Answer): number {
  const text = JSON.stringify(answer.body ?? {});
  const status = carrying(answer.status);
  response.writeHead(status, {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(text),
    ...answer.headers,
  });
  response.write(text.slice(0, text.length / 2), () => response.socket?.destroy());
  return status;
}

export function sendText(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "Content-Length": Buffer.byteLength(text), ...headers });
  response.end(text);
}

/** 204, 205 and 304 cannot have a body, so a broken one is sent as 200. */
function carrying(status: number): number {
  return status === 204 || status === 205 || status === 304 ? 200 : status;
}
