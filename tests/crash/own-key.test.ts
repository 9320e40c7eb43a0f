/** Killed updates of the key that its own connection runs on: no kill may leave the connection without a way on. */
import { expect, test } from "@jest/globals";
import { startEmulator } from "../../testing/emulator";
import { TestStack } from "../engine/support/stack";
import { apikeys } from "./support/command-line";
import { startHoldingProxy } from "./support/holding-proxy";
import { type Kill, killedUpdate } from "./support/killed-update";

const now = (day: number) => new Date(Date.UTC(2027, 0, day, 9)).toISOString().replace(".000Z", "Z");
const atOnce = { point: "K4", victim: "tree", afterMs: 0 } as const satisfies Kill;
const unanswered = { point: "K2", victim: "tree", afterMs: 0 } as const satisfies Kill;

test("a killed rotation of the connection's own key leaves the connection a credential, a killed emergency a way to a new one", async () => {
  const services = await startEmulator({ limits: { pulsely: null } });
  const proxy = await startHoldingProxy();
  const { url, adminToken } = services.services.pulsely;
  const quick = { timeout: "5s", retryBudget: "10s" };
  const stack = await TestStack.open({
    connections: {
      default: { backend: "pulsely", url: proxy.through(url), tokenEnv: "PULSELY_ADMIN_TOKEN", ...quick },
    },
    env: { PULSELY_ADMIN_TOKEN: adminToken },
  });
  const write = (more: string) =>
    stack.program(`
      const admin = new RotatingApiKey("admin", {
        scopes: ["admin:*"], fullAccess: true, rotateEvery: "30d", overlap: "7d", selfRotate: true, ${more}
      });
      exports.admin = admin.secret; exports.id = admin.keyId;`);
  const day = async (count: number) => {
    stack.env.APIKEYS_NOW = now(count);
    stack.env.APIKEYS_NOW_WRITES = "1";
    await services.clock.set(now(count));
  };
  const living = async () =>
    (await services.keys.list("pulsely")).filter(({ state }) => state === "active").map(({ id }) => id);
  const killed = async (requests: Parameters<typeof killedUpdate>[2], kill: Kill): Promise<string> => {
    const wreck = await killedUpdate(stack, proxy, requests, kill);
    wreck.clear();
    expect(wreck.missed ? wreck.output : "").toBe("");
    await stack.must("cancel", "--yes");
    return wreck.output;
  };
  /** The keys that the state names and no others, but those that the killed runs have tried out. */
  const swept = async (recorded: readonly unknown[]) => {
    const { code, stdout } = await apikeys(stack, ["sweep", "--yes", "--used", "--min-age", "0s"]);
    expect([code, stdout]).toEqual([0, expect.stringContaining(": revoked")]);
    expect((await living()).sort()).toEqual([...recorded].sort());
  };
  try {
    await day(1);
    write("");
    await stack.up();
    const first = await stack.outputs();
    stack.env.PULSELY_ADMIN_TOKEN = first.admin;

    // The successor was made, and nobody has its secret. It was never used, so the next update ends it.
    await day(32);
    await killed({ method: "POST", path: /api-keys$/, count: 1 }, unanswered);
    expect(await living()).toHaveLength(2);
    expect((await stack.up()).text).toContain("was left by an interrupted run and never used: it is revoked");
    const second = await stack.outputs();
    expect((await living()).sort()).toEqual([first.id, second.id].sort());
    stack.env.PULSELY_ADMIN_TOKEN = second.admin;
    await day(40);
    await stack.up();
    expect(await living()).toEqual([second.id]);

    // The successor had been tried out, so it counts as used: it is named and left alone, and the connection goes on.
    await day(71);
    await killed({ method: "GET", path: /api-keys\/key_/, count: 2 }, atOnce);
    expect((await stack.up()).text).toMatch(/in no state, but was used at .*apikeys sweep --yes --used/);
    const third = await stack.outputs();
    await swept([second.id, third.id]);
    stack.env.PULSELY_ADMIN_TOKEN = third.admin;

    // An emergency ends the old key before the engine has recorded the new one.
    write('emergency: "INC-1"');
    const told = await killed({ method: "DELETE", path: /api-keys/, count: 2 }, atOnce);
    expect(told).toContain("make a new credential on the service");
    expect((await stack.failingUp()).text).toContain("401");
    stack.env.PULSELY_ADMIN_TOKEN = adminToken;
    await stack.up();
    const fourth = await stack.outputs();
    await swept([fourth.id]);
    stack.env.PULSELY_ADMIN_TOKEN = fourth.admin;
    expect((await stack.up()).text).toMatch(/2 unchanged/);
    stack.env.PULSELY_ADMIN_TOKEN = adminToken;
    await stack.close();
    expect(await living()).toEqual([]);
  } finally {
    stack.discard();
    await proxy.close();
    await services.close();
  }
}, 300_000);
