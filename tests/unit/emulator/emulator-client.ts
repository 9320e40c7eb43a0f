import type { RunningEmulator } from "../../../emulator";

export interface Reply<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export type Send = <Body = unknown>(method: string, path: string, body?: unknown) => Promise<Reply<Body>>;

/** Speaks to one base URL with one credential; a string body goes out as it is, anything else as JSON. */
export function sender(baseUrl: string, token?: string): Send {
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- names what the body is read as
  return async <Body>(method: string, path: string, body?: unknown) => {
    const response = await fetch(baseUrl + path, {
      method,
      headers: {
        "content-type": "application/json",
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type") === "application/json";
    return { status: response.status, headers: response.headers, body: (isJson ? JSON.parse(text) : text) as Body };
  };
}

export function controlOf(emulator: RunningEmulator): Send {
  return sender(emulator.controlUrl);
}

export interface ControlKey {
  readonly service: string;
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly state: string;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly lastUsedAt: string | null;
  readonly revokedAt: string | null;
  readonly parent: string;
  readonly fingerprint: string;
}

export interface ControlRequest {
  readonly at: string;
  readonly service: string;
  readonly method: string;
  readonly path: string;
  readonly status: number | null;
  readonly keyId: string | null;
  readonly fault?: string;
}

export async function keysOf(emulator: RunningEmulator): Promise<readonly ControlKey[]> {
  return (await controlOf(emulator)<{ keys: ControlKey[] }>("GET", "/keys")).body.keys;
}

export async function requestsOf(emulator: RunningEmulator): Promise<readonly ControlRequest[]> {
  return (await controlOf(emulator)<{ requests: ControlRequest[] }>("GET", "/requests")).body.requests;
}
