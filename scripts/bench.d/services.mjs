// The embedded services in a process of their own.
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** Runs `work` with the embedded services. They have no limits, and answer after `latencyMs`. */
export async function withServices(work, { latencyMs = 0 } = {}) {
  const child = spawn(process.execPath, ["dist/cli/main.js", "emulator", "--port", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [line] = await once(createInterface({ input: child.stdout }), "line");
    const services = new Services(JSON.parse(line));
    await services.control("limits", { perMinute: null });
    await services.delay(latencyMs);
    return await work(services);
  } finally {
    child.kill("SIGTERM");
    if (child.exitCode === null) await once(child, "exit");
  }
}

class Services {
  constructor({ url, services }) {
    this.url = url;
    this.services = services;
  }

  async control(path, body) {
    // A kept connection is closed by the time that a stack's command has ended.
    const headers = { "content-type": "application/json", connection: "close" };
    const response = await fetch(
      `${this.url}/_emulator/${path}`,
      body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers },
    );
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.status === 204 ? undefined : response.json();
  }

  /** Every answer comes after that time from now on. 0: at once, also after they died. */
  async delay(delayMs) {
    await fetch(`${this.url}/_emulator/faults`, { method: "DELETE", headers: { connection: "close" } });
    if (delayMs > 0) await this.#always({ kind: "delay", delayMs });
  }

  /** From now on they take connections, and close them without an answer. */
  die() {
    return this.#always({ kind: "drop-before" });
  }

  async #always(fault) {
    for (const service of Object.keys(this.services))
      await this.control("faults", { service, times: 1_000_000, ...fault });
  }

  /** So many requests a second from now on, and `burst` at once. */
  limit(perSecond, burst) {
    return this.control("limits", { perMinute: 60 * perSecond, burst });
  }

  /** The id of a new account on the service that tells its limit. */
  async account() {
    const { url, adminToken } = this.services.novavms;
    const response = await fetch(`${url}/service-accounts`, {
      method: "POST",
      headers: { authorization: `Bearer ${adminToken}`, "content-type": "application/json", connection: "close" },
      body: JSON.stringify({ name: `bench-${randomUUID()}`, role: "viewer" }),
    });
    if (!response.ok) throw new Error(`an account: ${response.status} ${await response.text()}`);
    return (await response.json()).id;
  }

  /** What each connection of a program says, and the environment it needs. */
  connections() {
    return Object.fromEntries(
      Object.entries(this.services).map(([backend, { url }]) => [
        backend === "pulsely" ? "default" : backend,
        {
          backend,
          url,
          tokenEnv: tokenEnv(backend),
          ...(backend === "novavms" && { allowUndocumentedEndpoints: true }),
        },
      ]),
    );
  }

  environment() {
    return Object.fromEntries([
      ...Object.entries(this.services).map(([backend, { adminToken }]) => [tokenEnv(backend), adminToken]),
      ["PULSELY_URL", this.services.pulsely.url],
    ]);
  }

  /** All of them, with the time of each answer, in milliseconds. */
  async requests() {
    const { requests } = await this.control("requests");
    return requests.map(({ at, ...request }) => ({ ...request, atMs: Date.parse(at) }));
  }

  requestCount() {
    return this.control("requests").then(({ requests }) => requests.length);
  }
}

const tokenEnv = (backend) => `${backend.toUpperCase()}_ADMIN_TOKEN`;
