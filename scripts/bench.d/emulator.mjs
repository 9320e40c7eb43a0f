// Requests per second of the server's CPU time, so that the load generator does not count.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Agent, request } from "undici";

const requests = 30_000;
const agent = new Agent({ connections: 16 });

async function start(...args) {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  return { child, ...JSON.parse(line) };
}

/** CPU seconds of a process so far: user and system time from /proc, in ticks of 10 ms; undefined without /proc. */
function cpuSeconds(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return undefined;
  }
}

async function rate(pid, url, headers) {
  const cpuBefore = cpuSeconds(pid);
  const wallBefore = performance.now();
  let left = requests;
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (left-- > 0) {
        const { statusCode, body } = await request(url, { headers, dispatcher: agent });
        await body.dump();
        if (statusCode !== 200) throw new Error(`${url} answered ${statusCode}`);
      }
    }),
  );
  const wall = (performance.now() - wallBefore) / 1000;
  return requests / (cpuBefore === undefined ? wall : cpuSeconds(pid) - cpuBefore);
}

export async function benchEmulator() {
  const bare = await start("scripts/bench.d/bare-server.cjs");
  const emulator = await start("dist/cli/main.js", "emulator", "--port", "0");
  try {
    await request(`${emulator.url}/_emulator/limits`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"perMinute":null}',
    });
    const { url, adminToken } = emulator.services.pulsely;
    const headers = { authorization: `Bearer ${adminToken}` };
    const issued = await request(`${url}/api-keys`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify({ name: "bench", scopes: ["read:checks"], environment: "live" }),
    });
    const { key } = JSON.parse(await issued.body.text());
    const best = [0, 0];
    for (let round = 0; round < 6; round += 1) {
      const rates = [
        await rate(bare.child.pid, bare.url, {}),
        await rate(emulator.child.pid, `${url}/checks`, { authorization: `Bearer ${key}` }),
      ];
      if (round > 0) rates.forEach((value, index) => (best[index] = Math.max(best[index], value)));
    }
    console.log(
      `per second of CPU: bare node:http ${best[0].toFixed(0)} requests, the emulator's data plane ${best[1].toFixed(0)}`,
    );
    return [
      {
        claim: "the emulator's throughput, relative to node:http with a constant answer",
        value: best[1] / best[0],
        limit: 0.4,
        atLeast: true,
      },
    ];
  } finally {
    for (const { child } of [bare, emulator]) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
  }
}
