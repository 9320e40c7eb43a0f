/** The certificates of a connection: the authority that it trusts, and its client certificate. */
import { X509Certificate } from "node:crypto";
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { ConfigError } from "../errors";
import { rememberSecrets } from "../secrets/known-secrets";

/** The certificate files of a connection. The paths are the user's, relative to the working directory. */
export interface TlsFiles {
  /** The connection's name, for messages. */
  readonly connection: string;
  /** Authorities in PEM form, trusted instead of the usual ones. */
  readonly caFile?: string | undefined;
  /** The client's certificate in PEM form, and its key. */
  readonly clientCertFile?: string | undefined;
  readonly clientKeyFile?: string | undefined;
}

/** The content of the files. */
export interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

const largestFileBytes = 1024 * 1024;

/**
 * Reads the files, and tries what is in them.
 *
 * @throws ConfigError - a file cannot be read, or is not valid
 */
export async function readMaterial(files: TlsFiles): Promise<TlsMaterial> {
  const { caFile, clientCertFile, clientKeyFile } = files;
  const read = (field: "caFile" | "clientCertFile" | "clientKeyFile") => {
    const path = files[field];
    return path === undefined ? undefined : readPem(files.connection, field, path);
  };
  const [ca, cert, key] = await Promise.all([read("caFile"), read("clientCertFile"), read("clientKeyFile")]);
  if (key !== undefined) rememberSecrets(key);
  const material = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  try {
    createSecureContext(material);
    // TLS itself silently skips a text that is not a certificate.
    for (const text of [ca, cert]) if (text !== undefined) new X509Certificate(text);
    return material;
  } catch {
    // The parser's message may quote the file.
    const named = [caFile, clientCertFile, clientKeyFile].filter((path) => path !== undefined);
    throw new ConfigError(
      `connection "${files.connection}": the certificates in ${named.join(", ")} cannot be used. "clientKeyFile" must be the key of "clientCertFile", in PEM form and without a passphrase, and "caFile" the certificate of the authority that has signed the service's.`,
    );
  }
}

/** Reads regular files only: a pipe may never end, and a device never does. */
async function readPem(connection: string, field: string, path: string): Promise<string> {
  const place = `connection "${connection}": the file ${path} ("${field}")`;
  let text: string;
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!(await file.stat()).isFile()) throw Object.assign(new Error(), { code: "it is not a file" });
      const { buffer, bytesRead } = await file.read(Buffer.alloc(largestFileBytes + 1), 0, largestFileBytes + 1, 0);
      if (bytesRead > largestFileBytes) throw Object.assign(new Error(), { code: "it has more than 1 MiB" });
      text = buffer.toString("latin1", 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    const { code } = error as { code?: unknown };
    throw new ConfigError(`${place} cannot be read (${typeof code === "string" ? code : "unknown reason"}).`);
  }
  const what = field === "clientKeyFile" ? "PRIVATE KEY" : "CERTIFICATE";
  if (new RegExp(`-----BEGIN [A-Z0-9 ]*${what}-----`).test(text)) return text;
  throw new ConfigError(`${place} holds no ${what === "CERTIFICATE" ? "certificate" : "private key"} in PEM form.`);
}
