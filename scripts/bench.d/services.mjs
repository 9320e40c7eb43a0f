// The embedded services in a process of their own.
import { spawn } from "node:child_process";
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

  async delay(delayMs) {
    await fetch(`${this.url}/_emulator/faults`, { method: "DELETE", headers: { connection: "close" } });
    if (delayMs === 0) return;
    for (const service of Object.keys(this.services))
      await this.control("faults", { service, kind: "delay", delayMs, times: 1_000_000 });
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

  requests() {
    return this.control("requests").then(({ requests }) => requests);
  }

  requestCount() {
    return this.control("requests").then(({ requests }) => requests.length);
  }
}

const tokenEnv = (backend) => `${backend.toUpperCase()}_ADMIN_TOKEN`;
