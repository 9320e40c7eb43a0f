/** The network of a company: a proxy, an authority of its own, and client certificates. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { inspect } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { proxiedFetch } from "../../cli/proxied-fetch";
import { createConnections } from "../../provider/connections/connections";
import { ConfigError, ConnectionError, isUnclear } from "../../provider/errors";
import { createHttpClient } from "../../provider/http/client";
import type { TlsFiles } from "../../provider/http/tls-files";
import { type Certificates, makeCertificates } from "./support/certificates";

let files: Certificates;
let service: Server;
let careful: Server;
const seen: string[] = [];

beforeAll(async () => {
  files = await makeCertificates();
  const [key, cert, ca] = await Promise.all(
    ["server.key", "server.pem", "ca.pem"].map((file) => readFile(files.at(file))),
  );
  const answer = createServer({ key, cert }, (request, response) => {
    seen.push(`${request.method} ${request.headers.host}${request.url}`);
    response.writeHead(200, { "content-type": "application/json" }).end('{"ok":true}');
  });
  service = answer.listen(0, "127.0.0.1");
  careful = createServer({ key, cert, ca, requestCert: true, rejectUnauthorized: true }, (_request, response) => {
    response.writeHead(200, { "content-type": "application/json" }).end('{"ok":true}');
  }).listen(0, "127.0.0.1");
  await Promise.all([once(service, "listening"), once(careful, "listening")]);
}, 60_000);

afterAll(async () => {
  for (const server of [service, careful]) {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  }
  await files.remove();
});

const portOf = (server: Server) => (server.address() as AddressInfo).port;

interface Proxy {
  readonly url: string;
  readonly asked: string[];
  end(): Promise<void>;
}
const proxies: Proxy[] = [];
const variables = ["HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy"];
const before = Object.fromEntries(variables.map((name) => [name, process.env[name]]));
afterEach(async () => {
  for (const name of variables) {
    delete process.env[name];
    if (before[name] !== undefined) process.env[name] = before[name];
  }
  for (const proxy of proxies.splice(0)) await proxy.end();
});

/** A proxy behind which every host is the service. */
async function startProxy(credential?: string): Promise<Proxy> {
  const args = [join(__dirname, "support", "proxy.js"), String(portOf(service)), ...(credential ? [credential] : [])];
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout! });
  const [port] = (await once(lines, "line")) as [string];
  const asked: string[] = [];
  lines.on("line", (line) => asked.push(line));
  const proxy = {
    url: `http://${credential ? `${credential}@` : ""}127.0.0.1:${port}`,
    asked,
    async end() {
      const ended = once(child, "exit");
      child.stdin!.end();
      await ended;
    },
  };
  proxies.push(proxy);
  return proxy;
}

function client(url: string, tls: Partial<TlsFiles> = { caFile: files.at("ca.pem") }) {
  return createHttpClient({ url, timeoutMs: 5_000, retryBudgetMs: 0, tls: { connection: "default", ...tls } });
}

async function failureOf(run: Promise<unknown>): Promise<Error> {
  try {
    await run;
  } catch (error) {
    return error as Error;
  }
  throw new Error("that went well");
}

const get = { method: "GET", path: "/keys" } as const;
const create = { method: "POST", path: "/keys", json: { name: "export" } } as const;

describe("behind a proxy", () => {
  test("a service that only the proxy can reach is reached, TLS end to end", async () => {
    const proxy = await startProxy();
    process.env.HTTPS_PROXY = proxy.url;
    seen.length = 0;
    expect((await client("https://vms.example.test/v1").request(get)).body).toEqual({ ok: true });
    expect(seen).toEqual(["GET vms.example.test/v1/keys"]);
    expect(proxy.asked).toEqual(["CONNECT vms.example.test:443"]);
  });

  test("this machine is never asked for there, and what NO_PROXY names neither", async () => {
    const proxy = await startProxy();
    process.env.HTTPS_PROXY = proxy.url;
    process.env.HTTP_PROXY = proxy.url;
    expect((await client(`https://127.0.0.1:${portOf(service)}`).request(get)).body).toEqual({ ok: true });
    process.env.NO_PROXY = ".example.test";
    const error = await failureOf(client("https://vms.example.test/v1").request(create));
    expect(error.message).toMatch(/cannot be reached at https:\/\/vms\.example\.test \((?:ENOTFOUND|EAI_AGAIN)\)/);
    expect(proxy.asked).toEqual([]);
  });

  test("its user and password are used, and never told; a refusal of it is no unclear create", async () => {
    const proxy = await startProxy("anna:Pr0xyPassw0rd");
    process.env.HTTPS_PROXY = proxy.url;
    expect((await client("https://vms.example.test").request(get)).body).toEqual({ ok: true });
    process.env.HTTPS_PROXY = proxy.url.replace("Passw0rd", "Passw0rt");
    const error = await failureOf(client("https://vms.example.test").request(create));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error.message).toContain(
      "POST /keys: the proxy (HTTPS_PROXY or HTTP_PROXY) refused the connection with 407, and nothing was sent",
    );
    expect(isUnclear(error)).toBe(false);
    expect(inspect(error)).not.toMatch(/Pr0xy|Passw0r/);
    process.env.HTTPS_PROXY = "127.0.0.1:80:80";
    expect((await failureOf(client("https://vms.example.test").request(create))).message).toContain("HTTPS_PROXY");
  });

  test("apikeys comment goes through it as well", async () => {
    const proxy = await startProxy();
    process.env.HTTPS_PROXY = proxy.url;
    const error = await failureOf(
      proxiedFetch("https://api.github.test/repos", { signal: AbortSignal.timeout(5_000) }),
    );
    // What stands behind this proxy is no GitHub, and its authority is not the world's.
    expect(inspect(error)).toMatch(/UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED/);
    expect(proxy.asked).toEqual(["CONNECT api.github.test:443"]);
  });
});

describe("an authority of the company's own", () => {
  test("is told by the connection; without it the refusal says what to do, and nothing was sent", async () => {
    const url = `https://127.0.0.1:${portOf(service)}`;
    const error = await failureOf(client(url, {}).request(create));
    expect(error.message).toContain('signed by no authority that is known here: give the connection a "caFile"');
    expect(error.message).toContain("NODE_EXTRA_CA_CERTS");
    expect(isUnclear(error)).toBe(false);
    expect((await client(url).request(create)).body).toEqual({ ok: true });
  });

  test("and behind a proxy a certificate that does not fit is no unclear create either", async () => {
    const proxy = await startProxy();
    process.env.HTTPS_PROXY = proxy.url;
    for (const [url, tls, words] of [
      ["https://vms.example.test", {}, "signed by no authority that is known here"],
      ["https://other.example.test", undefined, "Its certificate is for another host"],
    ] as const) {
      const error = await failureOf(client(url, tls).request(create));
      expect(error.message).toContain(words);
      expect(isUnclear(error)).toBe(false);
    }
  });

  test("trusts no other one", async () => {
    const other = client(`https://127.0.0.1:${portOf(service)}`, { caFile: files.at("client.pem") });
    expect(isUnclear(await failureOf(other.request(create)))).toBe(false);
  });
});

describe("a service that asks for a client certificate", () => {
  test("gets it", async () => {
    const own = {
      caFile: files.at("ca.pem"),
      clientCertFile: files.at("client.pem"),
      clientKeyFile: files.at("client.key"),
    };
    expect((await client(`https://127.0.0.1:${portOf(careful)}`, own).request(create)).body).toEqual({ ok: true });
  });

  test("and refuses the handshake without one: the refusal says what to do, and nothing was sent", async () => {
    const verifying = ["-Verify", "1", "-verify_return_error", "-CAfile", files.at("ca.pem"), "-accept", "127.0.0.1:0"];
    const own = ["-cert", files.at("server.pem"), "-key", files.at("server.key"), "-www"];
    const server = spawn("openssl", ["s_server", ...verifying, ...own], { stdio: ["ignore", "pipe", "ignore"] });
    const ended = once(server, "exit");
    try {
      const port = await new Promise<string>((found) =>
        createInterface({ input: server.stdout }).on("line", (line) => {
          const [, told] = /^ACCEPT \S+:(\d+)$/.exec(line) ?? [];
          if (told !== undefined) found(told);
        }),
      );
      const error = await failureOf(client(`https://127.0.0.1:${port}`).request(create));
      expect(error.message).toContain('give the connection "clientCertFile" and "clientKeyFile"');
      expect(isUnclear(error)).toBe(false);
    } finally {
      server.kill();
      await ended;
    }
  });
});

describe("a file of certificates", () => {
  test.each<[string, Partial<Record<"caFile" | "clientCertFile" | "clientKeyFile", string>>, RegExp]>([
    ["that is not there", { caFile: "nowhere.pem" }, /nowhere\.pem \("caFile"\) cannot be read \(ENOENT\)/],
    ["that is a directory", { caFile: "." }, /\("caFile"\) cannot be read \((?:EISDIR|it is not a file)\)/],
    ["that is endless", { caFile: "/dev/zero" }, /cannot be read \(it is not a file\)/],
    ["that is too big", { caFile: "big.pem" }, /cannot be read \(it has more than 1 MiB\)/],
    ["that holds something else", { caFile: "ca.key" }, /holds no certificate in PEM form/],
    [
      "that is the key of another one",
      { clientCertFile: "client.pem", clientKeyFile: "ca.key" },
      /cannot be used\. "clientKeyFile" must be the key of/,
    ],
    ["that is broken", { caFile: "broken.pem" }, /cannot be used/],
  ])("%s is told as such, and none of it is quoted", async (_title, named, message) => {
    await writeFile(files.at("big.pem"), "a".repeat(1024 * 1024 + 1));
    await writeFile(
      files.at("broken.pem"),
      "-----BEGIN CERTIFICATE-----\nQ0FOQVJZQ0FOQVJZ\n-----END CERTIFICATE-----\n",
    );
    const paths = Object.fromEntries(
      Object.entries(named).map(([field, path]) => [field, path.startsWith("/") ? path : files.at(path)]),
    );
    const error = await failureOf(client(`https://127.0.0.1:${portOf(service)}`, paths).request(create));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toMatch(message);
    const key = (await readFile(files.at("ca.key"), "utf8")).split("\n")[1] ?? "";
    expect(inspect(error)).not.toContain(key.slice(0, 16));
    expect(inspect(error)).not.toContain("Q0FOQVJZ");
  });

  test.each<[string, object, RegExp]>([
    ["over plain http", { url: "http://127.0.0.1:1", caFile: "ca.pem" }, /"caFile" is for https/],
    ["without its key", { clientCertFile: "client.pem" }, /"clientKeyFile" is missing/],
    ["without its certificate", { clientKeyFile: "client.key" }, /"clientCertFile" is missing/],
    ["as a number", { caFile: 7 }, /the field "caFile" is a number; write text/],
  ])("%s is refused in the preview", (_title, fields, message) => {
    const connection = { backend: "pulsely", url: "https://vms.example.test", tokenEnv: "ADMIN", ...fields };
    const settings = JSON.stringify({ default: connection });
    const connections = createConnections({ get: (key) => (key === "apikeys:connections" ? settings : undefined) }, {});
    expect(() => connections.describe("default")).toThrow(message);
  });
});
