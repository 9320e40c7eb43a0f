import { generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { join } from "node:path";
import { freePorts, newDataDirectory, type RunningServer, startServer } from "../server";

export interface RunningKubernetes extends RunningServer {
  /** The path of a kubeconfig of the user `deployer`, who may do nothing until a role allows it. */
  readonly kubeconfig: string;
  /** Asks the API as an administrator. */
  send(method: string, path: string, body?: object): Promise<Answer>;
}

export interface Answer {
  readonly ok: boolean;
  readonly status: number;
  readonly body: string;
}

/**
 * The API server with its etcd and the garbage collector, which finishes what is deleted, and with nothing that runs pods: objects are
 * stored, validated and authorised as in any cluster.
 */
export async function startKubernetes(installation: string): Promise<RunningKubernetes> {
  const [port = 0, etcdPort = 0, peerPort = 0] = await freePorts(3);
  const directory = newDataDirectory("kubernetes");
  const [adminToken = "", token = ""] = [0, 1].map(() => randomBytes(16).toString("hex"));
  const keep = (name: string, text: string) => {
    writeFileSync(join(directory, name), text, { mode: 0o600 });
    return join(directory, name);
  };
  const certificates = join(directory, "certificates");
  const tokens = keep("tokens.csv", `${adminToken},admin,1,system:masters\n${token},deployer,2\n`);
  const send = async (method: string, path: string, body?: object, signal?: AbortSignal) =>
    call(`https://127.0.0.1:${port}${path}`, {
      method,
      body,
      // The server makes its own certificates when it starts.
      ca: readFileSync(join(certificates, "apiserver.crt"), "utf8"),
      token: adminToken,
      signal,
    });
  const accountKey = keep("accounts.pem", privateKey());
  const server = await startServer({
    name: "kubernetes",
    directory,
    processes: [
      [join(installation, "etcd"), ...etcdFlags(directory, etcdPort, peerPort)],
      [
        join(installation, "kube-apiserver"),
        `--etcd-servers=http://127.0.0.1:${etcdPort}`,
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        "--endpoint-reconciler-type=none",
        `--secure-port=${port}`,
        "--service-cluster-ip-range=10.96.0.0/24",
        `--cert-dir=${certificates}`,
        `--token-auth-file=${tokens}`,
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        `--service-account-key-file=${accountKey}`,
        `--service-account-signing-key-file=${accountKey}`,
      ],
    ],
    env: {},
    health: (signal) => send("GET", "/readyz", undefined, signal),
  });
  const configOf = (user: string, itsToken: string) =>
    keep(`kubeconfig-${user}`, configFor({ user, token: itsToken, server: `https://127.0.0.1:${port}`, certificates }));
  try {
    const collector = await startCollector(installation, configOf("admin", adminToken));
    const stop = async () => {
      await collector.stop();
      await server.stop();
    };
    return { ...server, stop, kubeconfig: configOf("deployer", token), send };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** An object that is deleted with what belongs to it goes only when the collector has looked. */
async function startCollector(installation: string, kubeconfig: string): Promise<RunningServer> {
  const [port = 0] = await freePorts(1);
  const directory = newDataDirectory("kubernetes-collector");
  const certificates = join(directory, "certificates");
  return startServer({
    name: "kubernetes-collector",
    directory,
    processes: [
      [
        join(installation, "kube-controller-manager"),
        "--controllers=garbage-collector-controller",
        "--leader-elect=false",
        `--kubeconfig=${kubeconfig}`,
        "--bind-address=127.0.0.1",
        `--secure-port=${port}`,
        `--cert-dir=${certificates}`,
      ],
    ],
    env: {},
    health: async (signal) =>
      call(`https://127.0.0.1:${port}/healthz`, {
        method: "GET",
        body: undefined,
        ca: readFileSync(join(certificates, "kube-controller-manager.crt"), "utf8"),
        token: "",
        signal,
      }),
  });
}

function etcdFlags(directory: string, port: number, peerPort: number): string[] {
  const [client, peer] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peerPort}`];
  return [
    `--data-dir=${join(directory, "etcd")}`,
    "--log-level=warn",
    ...[`--listen-client-urls=${client}`, `--advertise-client-urls=${client}`],
    ...[`--listen-peer-urls=${peer}`, `--initial-advertise-peer-urls=${peer}`, `--initial-cluster=default=${peer}`],
  ];
}

function privateKey(): string {
  return generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  }).privateKey;
}

interface Access {
  readonly user: string;
  readonly token: string;
  readonly server: string;
  readonly certificates: string;
}

/** JSON is YAML. */
function configFor({ user, token, server, certificates }: Access): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "test", cluster: { server, "certificate-authority": join(certificates, "apiserver.crt") } }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: "test", context: { cluster: "test", user } }],
    "current-context": "test",
  });
}

interface Call {
  readonly method: string;
  readonly body: object | undefined;
  readonly ca: string;
  readonly token: string;
  readonly signal: AbortSignal | undefined;
}

/** `fetch` takes no authority of its own. */
async function call(url: string, { body, token, ...options }: Call): Promise<Answer> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const sent = request(url, { ...options, headers }).end(body && JSON.stringify(body));
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  const status = answer.statusCode ?? 0;
  const text = Buffer.concat((await answer.toArray()) as Buffer[]).toString();
  return { ok: status >= 200 && status < 300, status, body: text };
}
