/** Why a request got no answer: whether it was sent, whether another try may succeed, and what to do. */
import { ConnectionError, ProviderError, TimeoutError } from "../errors";
import { alertOf, failedWhileConnecting, isLoopback } from "./network";

/** An exchange that broke; `timedOutAfterMs` is set when its time was up. */
interface Broken {
  readonly label: string;
  readonly url: string;
  readonly timedOutAfterMs: number | undefined;
}

/** The error of an exchange that got no complete answer. */
export function brokenExchange(error: unknown, { label, url, timedOutAfterMs }: Broken): ProviderError {
  const origin = new URL(url).origin;
  if (timedOutAfterMs !== undefined)
    return new TimeoutError(
      `${label}: no complete answer from ${origin} within ${timedOutAfterMs / 1000} s. If it often takes longer, raise "timeout" of the connection.`,
    );
  const alert = alertOf(error);
  const code = alert?.code ?? errorCode(error);
  if (code === "UND_ERR_INVALID_ARG") return unsendable(label);
  const refused = proxyRefusal(error);
  const unsent = failedWhileConnecting(error) || refused !== undefined || provesNothingSent(code);
  // After an answer on the same connection, this is not a refused handshake.
  const sent = !unsent || alert?.hasAnswered === true;
  const what = refused
    ? `the proxy (HTTPS_PROXY or HTTP_PROXY) refused the connection with ${refused}, and nothing was sent,`
    : howItBroke(sent, code);
  const advice = sent ? "" : adviceFor(code, isLoopback(new URL(url)));
  return new ConnectionError(`${label}: ${what} at ${origin}${code ? ` (${code})` : ""}.${advice}`, sent, {
    cause: code ? { code } : undefined,
  });
}

/** Proves that nothing was sent. Only for failures before the request is written. */
export function unsendable(label: string): ProviderError {
  return new ProviderError(
    `${label}: this request cannot be sent, and nothing was sent. The backend has made a mistake in its headers, path or body.`,
  );
}

/** An unknown host name or an invalid certificate will still be wrong a minute later. */
export function isPermanent({ cause }: ConnectionError): boolean {
  const code = errorCode(cause) ?? "";
  return code === "ENOTFOUND" || /^ERR_(?:TLS|SSL)/.test(code) || /CERT/.test(code) || untrusted.test(code);
}

function howItBroke(sent: boolean, code = ""): string {
  if (!sent) return "the service cannot be reached";
  return /HEADERS?_OVERFLOW/.test(code)
    ? "the answer has more headers than the 16 KiB that are read"
    : "the connection broke before the answer was complete";
}

/** The error code of the system or of undici, also from inside an AggregateError. */
function errorCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: unknown };
  if (typeof code === "string") return code;
  return errorCode(cause) ?? (Array.isArray(errors) ? errorCode(errors[0]) : undefined);
}

/** Errors that arise before the first byte of the request is written. */
const neverSent = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
  "EADDRNOTAVAIL",
]);

const untrusted = /SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/;
/** The service ended the handshake: TLS 1.3 reports this only after the client's own part is done. */
const refusedHandshake =
  /^ERR_SSL_.*ALERT_.*(?:CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE|PROTOCOL_VERSION|ACCESS_DENIED)/;

/** True if the code alone proves that the request was not written or not read. */
function provesNothingSent(code: string | undefined): boolean {
  if (code === undefined) return false;
  return (
    neverSent.has(code) ||
    code.startsWith("ERR_TLS") ||
    code.includes("CERT") ||
    untrusted.test(code) ||
    refusedHandshake.test(code)
  );
}

/** What to do, as a sentence; empty if the code already says everything. */
function adviceFor(code: string | undefined, onThisMachine: boolean): string {
  if (code === undefined) return "";
  if (code === "ECONNREFUSED" && onThisMachine)
    return " Is it running? `apikeys emulator` starts the embedded services.";
  if (untrusted.test(code))
    return ' Its certificate is signed by no authority that is known here: give the connection a "caFile" with that authority\'s certificate (PEM), or set NODE_EXTRA_CA_CERTS.';
  if (code === "CERT_HAS_EXPIRED") return " Its certificate has expired: ask whoever runs the service.";
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return " Its certificate is for another host: check the connection's url.";
  if (refusedHandshake.test(code))
    return ' It asks for a client certificate that it knows: give the connection "clientCertFile" and "clientKeyFile".';
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH/.test(code)) return " Nothing there speaks TLS: check the port, and https.";
  return "";
}

/** The status with which a proxy refused to connect us; undefined for any other failure. */
function proxyRefusal(error: unknown): string | undefined {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return code === "UND_ERR_ABORTED" ? /^Proxy response \((\d{3})\)/.exec(String(message))?.[1] : undefined;
}
