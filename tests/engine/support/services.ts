import type { EmulatorOptions } from "../../../emulator";
import { startEmulator, type TestEmulator } from "../../../testing/emulator";
import { dayMs } from "../../../provider/values/durations";
import { type Face, TestStack } from "./stack";
import { isOwnName } from "./own-name";

/** The embedded services and a stack whose connections lead to them. */
export interface Bench {
  readonly services: TestEmulator;
  readonly stack: TestStack;
  /** Connections of the three products, as in the quick start. */
  readonly connections: Record<string, Record<string, unknown>>;
}

/** @param modules - the packages that the program finds; default: the repository's */
export async function openBench(options: EmulatorOptions = {}, modules?: string): Promise<Bench> {
  const services = await startEmulator(options);
  const { novavms, pulsely, pulseapi } = services.services;
  const connections = {
    default: { backend: "pulsely", url: pulsely.url, tokenEnv: "PULSELY_ADMIN_TOKEN" },
    novavms: {
      backend: "novavms",
      url: novavms.url,
      tokenEnv: "NOVAVMS_ADMIN_TOKEN",
      allowUndocumentedEndpoints: true,
    },
    pulseapi: { backend: "pulseapi", url: pulseapi.url, tokenEnv: "PULSEAPI_ADMIN_TOKEN" },
  };
  const env = {
    PULSELY_ADMIN_TOKEN: pulsely.adminToken,
    NOVAVMS_ADMIN_TOKEN: novavms.adminToken,
    PULSEAPI_ADMIN_TOKEN: pulseapi.adminToken,
  };
  return { services, stack: await TestStack.open({ connections, env, ...(modules && { modules }) }), connections };
}

/** Runs a story on a bench of its own; ends with destroy, the canary scan, and no living key. */
export function story(
  tell: (bench: Bench) => Promise<void>,
  open: () => Promise<Bench> = openBench,
): () => Promise<void> {
  return async () => {
    const bench = await open();
    try {
      await tell(bench);
      await bench.services.faults.clear();
      await bench.stack.close();
      const alive = (await bench.services.keys.list()).filter(
        ({ state, name }) => state === "active" && isOwnName(name),
      );
      if (alive.length > 0) throw new Error(`destroy left ${alive.length} living keys behind`);
    } finally {
      bench.stack.discard();
      await bench.services.close();
    }
  };
}

/** The story told once for each face. */
export function storyOn(face: Face, tell: (bench: Bench) => Promise<void>): () => Promise<void> {
  return story(async (bench) => {
    bench.stack.face = face;
    await tell(bench);
  });
}

/** Moves the services' clock and the decision clock to the same time: noon of the n-th day from today. */
export async function goToDay({ stack, services }: Pick<Bench, "stack" | "services">, day: number): Promise<void> {
  const today = Math.floor(Date.now() / dayMs) * dayMs;
  const now = new Date(today + day * dayMs + dayMs / 2).toISOString().replace(".000Z", "Z");
  stack.env.APIKEYS_NOW = now;
  await services.clock.set(now);
}

/** Whether a secret opens a data plane, by its status. */
export async function call(url: string, path: string, secret: string): Promise<number> {
  const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${secret}` } });
  await response.arrayBuffer();
  return response.status;
}
