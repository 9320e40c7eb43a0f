import { expect, test } from "@jest/globals";
import { dayMs, hourMs, minuteMs } from "../../provider/values/durations";
import { RotationBench } from "../contract/support/rotation-bench";
import { call, type Bench, story } from "./support/services";

/** What the record and the request of a key have to say on each day, the same on the engine and in the simulations. */
const told = [
  "generation",
  "issuedOn",
  "rotationReason",
  "rotatedAt",
  "nextRotationAt",
  "previousValidUntil",
  "retireStatus",
  "retireAskedOn",
  "expiresAt",
  "status",
  "scopes",
  "emergency",
];
const asked = ["generation", "issuedOn", "rotationReason", "retireAfter", "retireUntil", "retireAskedOn", "status"];

type Inputs = Record<string, unknown>;
interface Key {
  readonly product: "pulsely" | "novavms" | "pulseapi";
  readonly inputs: Inputs;
  readonly changes?: Readonly<Record<number, Inputs>>;
}

const keys: Readonly<Record<string, Key>> = {
  weekly: {
    product: "pulsely",
    inputs: { scopes: ["read:checks"], rotateEvery: "4d", overlap: "1d" },
    changes: { 6: { scopes: ["read:alerts", "read:checks"] }, 11: { emergency: "INC-4711" } },
  },
  unused: {
    product: "pulsely",
    inputs: { scopes: ["read:checks"], rotateEvery: "5d", overlap: "1d", retire: "whenUnused", maxOverlap: "4d" },
  },
  ended: { product: "novavms", inputs: { scopes: ["cameras:read"], rotateEvery: "3d", overlap: "1d" } },
  expiring: { product: "novavms", inputs: { scopes: ["cameras:read"], rotateEvery: "4d", expiresIn: "6d" } },
  early: { product: "pulseapi", inputs: { scopes: ["monitors:read"], rotateEvery: "6d", jitter: "3d", overlap: "1d" } },
  "at-once": { product: "pulseapi", inputs: { scopes: ["monitors:read"], rotateEvery: "4d", retire: "immediately" } },
};

const days = 13;
const start = Math.floor(Date.now() / dayMs) * dayMs + 18 * hourMs;
/** Never at the same minute. */
const timeOf = (day: number) => start + day * dayMs + ((day * 7) % 11) * minuteMs;
const text = (ms: number) => new Date(ms).toISOString().replace(".000Z", "Z");
/** On these days the service refuses to revoke anything. */
const refusing = [8];
/** On this day the stack moves from dynamic resources to the plugin, and stays there. */
const moving = 6;

/** The inputs of each key on a day. */
function inputsOn(day: number): Record<string, Inputs> {
  const changed = ({ inputs, changes = {} }: Key) =>
    Object.entries(changes).reduce<Inputs>(
      (all, [from, change]) => (Number(from) <= day ? { ...all, ...change } : all),
      inputs,
    );
  return Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, changed(key)]));
}

function programOn(day: number): string {
  const made = Object.entries(inputsOn(day)).map(([name, inputs]) => {
    const { product } = keys[name]!;
    const parent = product === "novavms" ? ", serviceAccountId: account.accountId" : "";
    return `new RotatingApiKey("${name}", { ...${JSON.stringify(inputs)}, connection: "${product === "pulsely" ? "default" : product}"${parent} });`;
  });
  return [`const account = new ServiceAccount("exporter", { connection: "novavms", role: "viewer" });`, ...made].join(
    "\n",
  );
}

type Told = Record<string, { readonly record: Inputs; readonly request: Inputs; readonly requests: string[] }>;
const pick = (from: Inputs | undefined, names: readonly string[]): Inputs =>
  Object.fromEntries(names.filter((name) => from?.[name] !== undefined).map((name) => [name, from?.[name]]));
/** Ids and what the vendors' clocks tell differ from run to run. */
const calm = (record: Inputs): Inputs =>
  JSON.parse(
    JSON.stringify(record)
      .replace(/key_[0-9a-f]{16}/g, "key_…")
      .replace(/last used \S+;/g, "last used …;"),
  ) as Inputs;

/** The services' own requests of one day, by product: which methods were used, how often. */
function countRequests(
  requests: readonly { readonly service: string; readonly method: string; readonly path: string }[],
): string[] {
  return requests
    .filter(({ path }) => /api-keys|\/keys/.test(path))
    .map(({ service, method }) => `${service} ${method}`)
    .sort();
}

/** What the simulations' double of the engine makes of the same days. */
async function simulate(): Promise<Told[]> {
  const bench = await RotationBench.open();
  bench.frozen = true;
  try {
    await bench.reset(text(timeOf(0)));
    const resources = Object.fromEntries(Object.keys(keys).map((name) => [name, bench.key()]));
    const told_: Told[] = [];
    for (let day = 0; day < days; day += 1) {
      await bench.goTo(timeOf(day));
      await bench.newProcess({ hasMadeTheAccount: day === 0 });
      const mark = await bench.mark();
      if (refusing.includes(day))
        await bench.services.faults.add({ kind: "status", method: "DELETE", status: 403, times: 99 });
      for (const [name, inputs] of Object.entries(inputsOn(day))) {
        const { product } = keys[name]!;
        await resources[name]!.up(bench.program(product, `organization/engine-test/dev/${name}`, inputs));
      }
      await bench.services.faults.clear();
      const requests = countRequests(await bench.requestsSince(mark));
      told_.push(
        Object.fromEntries(
          Object.entries(resources).map(([name, { state }]) => [
            name,
            { record: calm(pick(state?.outs, told)), request: pick(state?.inputs, asked), requests },
          ]),
        ),
      );
      for (const [name, { product }] of Object.entries(keys))
        if (uses(name, day)) await bench.use(product, resources[name]!.outs.secret);
    }
    return told_;
  } finally {
    await bench.close();
  }
}

/** Consumers call on every day but the second of each week. */
const uses = (name: string, day: number): boolean => name === "unused" && day % 7 !== 1;

test(
  "days of six keys on the real engine, from the middle on through the plugin, go as in the simulations, day by day and request by request",
  story(async ({ stack, services }: Bench) => {
    const expected = await simulate();
    const paths = { pulsely: "/checks", novavms: "/cameras", pulseapi: "/monitors" } as const;
    for (let day = 0; day < days; day += 1) {
      stack.env.APIKEYS_NOW = text(timeOf(day));
      await services.clock.set(text(timeOf(day)));
      if (day === moving) stack.face = "plugin";
      stack.program(programOn(day));
      const mark = (await services.requests()).length;
      if (refusing.includes(day)) {
        await services.faults.add({ kind: "status", method: "DELETE", status: 403, times: 99 });
        const { text: said } = await stack.failingUp("--continue-on-error");
        expect(said).toMatch(/could not be revoked, the next update tries again/);
        await services.faults.clear();
      } else await stack.up();
      const requests = countRequests((await services.requests()).slice(mark));
      const state = (await stack.state()).filter(({ type }) => type.endsWith("RotatingApiKey"));
      const found = Object.fromEntries(
        Object.keys(keys).map((name) => {
          const { outputs, inputs } = state.find(({ urn }) => urn.endsWith(`::${name}`)) ?? {};
          return [name, { record: calm(pick(outputs, told)), request: pick(inputs, asked), requests }];
        }),
      );
      expect([day, found]).toEqual([day, expected[day]]);
      for (const [name, { product }] of Object.entries(keys)) {
        if (uses(name, day))
          expect(
            await call(services.services[product].url, paths[product], String((await stack.record(name)).secret)),
          ).toBe(200);
      }
    }
    // Every key has been made anew more than once, one day with failures notwithstanding.
    const generations = Object.values(expected[days - 1]!).map(({ record }) => Number(record.generation));
    expect(Math.min(...generations)).toBeGreaterThanOrEqual(3);
  }),
  600_000,
);
