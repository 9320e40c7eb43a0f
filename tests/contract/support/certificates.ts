import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** An authority of a company's own, and what it has signed, as files in a directory of the test's own. */
export interface Certificates {
  readonly directory: string;
  readonly at: (file: string) => string;
  remove(): Promise<void>;
}

/** `ca`, `server` (for vms.example.test and 127.0.0.1) and `client`, each as .pem and .key. */
export async function makeCertificates(): Promise<Certificates> {
  const directory = await mkdtemp(join(tmpdir(), "certificates-"));
  const at = (file: string) => join(directory, file);
  const openssl = (...args: string[]) => run("openssl", args, { cwd: directory });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await openssl("req", "-x509", ...key, "-days", "2", "-subj", "/CN=Company CA", "-keyout", "ca.key", "-out", "ca.pem");
  await writeFile(at("server.ext"), "subjectAltName=DNS:vms.example.test,IP:127.0.0.1");
  await writeFile(at("client.ext"), "extendedKeyUsage=clientAuth");
  for (const name of ["server", "client"]) {
    await openssl("req", ...key, "-subj", `/CN=${name}`, "-keyout", `${name}.key`, "-out", `${name}.csr`);
    const signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", `${name}.ext`];
    await openssl("x509", "-req", "-in", `${name}.csr`, ...signing, "-out", `${name}.pem`);
  }
  return { directory, at, remove: () => rm(directory, { recursive: true }) };
}
