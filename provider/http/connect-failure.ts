/** Failures that stop a request before it is written, and what to do about each. */

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

/** True if the code alone proves that the request was not written, or that nobody read it. */
export function provesNothingSent(code: string | undefined): boolean {
  if (code === undefined) return false;
  return (
    neverSent.has(code) ||
    code.startsWith("ERR_TLS") ||
    code.includes("CERT") ||
    untrusted.test(code) ||
    refusedHandshake.test(code)
  );
}

/** True if another try within a minute would fail in the same way. */
export function isPermanentCode(code: string | undefined): boolean {
  return (
    code === "ENOTFOUND" || /^ERR_(?:TLS|SSL)/.test(code ?? "") || /CERT/.test(code ?? "") || untrusted.test(code ?? "")
  );
}

/** What to do, as a sentence; empty if the code already says everything. */
export function adviceFor(code: string | undefined, onThisMachine: boolean): string {
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
export function proxyRefusal(error: unknown): string | undefined {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return code === "UND_ERR_ABORTED" ? /^Proxy response \((\d{3})\)/.exec(String(message))?.[1] : undefined;
}
