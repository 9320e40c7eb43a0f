import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { type AfterUp, examplesDir, runExample, runWholeReadme } from "./support/example-bench";
import { call } from "./support/services";
import type { TestEmulator } from "../../testing/emulator";
import { ownSuffix } from "./support/own-name";

const timeoutMs = 180_000;

/** Those that another file runs. */
const runElsewhere: Readonly<Record<string, string>> = {
  "own-backend": "own-backend.test.ts",
  python: "languages.test.ts",
  go: "languages.test.ts",
  yaml: "languages.test.ts",
  "platform-team": "platform-team.test.ts",
  jupyterhub: "../servers/jupyterhub.test.ts",
  keystone: "../servers/keystone.test.ts",
  keycloak: "../servers/keycloak.test.ts",
  zenml: "../servers/zenml.test.ts",
  rabbitmq: "../servers/rabbitmq.test.ts",
  zabbix: "../servers/zabbix.test.ts",
  "hosted-services": "../vendors/hosted-services.test.ts",
};

/** What holds after each `pulumi up` of a README. */
const stories: Readonly<Record<string, { readonly title: string; readonly afterUps?: readonly AfterUp[] }>> = {
  quickstart: {
    title: "quickstart: two keys work, and more scopes are a new key for the exporter alone",
    afterUps: quickstart(),
  },
  "many-tenants": {
    title: "many-tenants: a key moves between workspaces in the right order, while the admin tokens change under way",
    afterUps: manyTenants(),
  },
  "unique-names": {
    title: "unique-names: another keeper draws another name and makes another key",
    afterUps: uniqueNames(),
  },
  "caller-chosen-secret": {
    title: "caller-chosen-secret: the program's own secret opens the door, and gives way to the next one",
    afterUps: callerChosenSecret(),
  },
  rotation: {
    title: "rotation: other scopes are another key at once, and the previous one works on for its overlap",
    afterUps: rotation(),
  },
};

/** Those whose other commands are run as well: consumers, calls of the service, what is due. */
const inOneShell = new Set(["quickstart", "rotation"]);

describe("The commands of an example's README, run word for word", () => {
  const has = (name: string, file: string) => existsSync(join(examplesDir, name, file));
  const present = readdirSync(examplesDir).filter((name) => has(name, "package.json") || has(name, "Pulumi.yaml"));

  for (const [name, { title, afterUps }] of Object.entries(stories)) {
    const isWhole = afterUps !== undefined && inOneShell.has(name);
    if (present.includes(name))
      test(title, () => (isWhole ? runWholeReadme(name, afterUps) : runExample(name, afterUps)), timeoutMs);
  }

  test(
    "import: an account and keys that were there before are taken over untouched, by the command and by the program, and live on",
    () => runWholeReadme("import", importing()),
    timeoutMs,
  );

  test("are run for every example there is, here or elsewhere", () => {
    const isRunElsewhere = (name: string) => existsSync(join(__dirname, runElsewhere[name] ?? "nowhere"));
    const isRunHere = (name: string) => name in stories || name === "import";
    expect(present.filter((name) => !isRunHere(name) && !isRunElsewhere(name))).toEqual([]);
  });
});

function importing(): AfterUp[] {
  let first: Record<string, string>;
  const writes = async (emulators: ReadonlyMap<string, TestEmulator>) =>
    (await only(emulators).requests("novavms")).map(({ method }) => method).filter((method) => method !== "GET");
  return [
    async ({ emulators }, outputs, run) => {
      first = outputs;
      expect(run.stdout).not.toMatch(/replaced/);
      // By hand, and nothing since.
      expect(await writes(emulators)).toEqual(["POST", "POST", "POST"]);
      expect(await call(only(emulators).services.novavms.url, "/cameras", outputs.cameraSecret!)).toBe(200);
      expect(outputs.eventsSecret).toBeUndefined();
    },
    async ({ emulators }, outputs) => {
      expect(outputs.eventsReason).toMatch(/^first rotation of a key that was taken over/);
      expect(outputs.cameraKeyId).toBe(first.cameraKeyId);
      expect(await call(only(emulators).services.novavms.url, "/events", outputs.eventsSecret!)).toBe(200);
    },
    async ({ emulators }, outputs) => {
      const { url } = only(emulators).services.novavms;
      expect(await call(url, "/events", outputs.cameraSecret!)).toBe(200);
      expect(await call(url, "/cameras", first.cameraSecret!)).toBe(401);
    },
  ];
}

function rotation(): AfterUp[] {
  let first: Record<string, string>;
  return [
    async (_bench, outputs) => {
      first = outputs;
      expect(outputs.reason).toBe("first issue");
    },
    async ({ emulators }, outputs) => {
      const { pulsely } = only(emulators).services;
      expect(outputs.reason).toBe("scopes changed: +read:alerts");
      expect(await call(pulsely.url, "/alerts", outputs.exporterSecret!)).toBe(200);
      expect(await call(pulsely.url, "/checks", first.exporterSecret!)).toBe(200);
    },
  ];
}

function quickstart(): AfterUp[] {
  let first: Record<string, string>;
  const urlsOf = (emulators: ReadonlyMap<string, TestEmulator>) => only(emulators).services;
  return [
    async ({ emulators }, outputs) => {
      first = outputs;
      const { novavms, pulsely } = urlsOf(emulators);
      expect(await call(novavms.url, "/cameras", outputs.exporterSecret!)).toBe(200);
      expect(await call(novavms.url, "/events", outputs.exporterSecret!)).toBe(403);
      expect(await call(pulsely.url, "/checks", outputs.dashboardSecret!)).toBe(200);
      expect(await call(pulsely.url, "/alerts", outputs.dashboardSecret!)).toBe(403);
    },
    async ({ emulators }, outputs) => {
      const { novavms } = urlsOf(emulators);
      expect(await call(novavms.url, "/events", outputs.exporterSecret!)).toBe(200);
      expect(await call(novavms.url, "/cameras", first.exporterSecret!)).toBe(401);
      expect(outputs.dashboardSecret).toBe(first.dashboardSecret);
    },
  ];
}

function manyTenants(): AfterUp[] {
  const secretsOf = (outputs: Record<string, string>) => outputs.secrets as unknown as Record<string, string>;
  let first: Record<string, string>;
  let keyOfOperators: { id: string; key: string };
  return [
    async ({ emulators, stack }, outputs) => {
      first = secretsOf(outputs);
      const [north, south] = [emulators.get("4010")!.services, emulators.get("4011")!.services];
      expect(await call(north.pulsely.url, "/metrics", first.acme!)).toBe(200);
      expect(await call(north.pulsely.url, "/checks", first.globex!)).toBe(200);
      expect(await call(south.pulsely.url, "/alerts", first.hooli!)).toBe(200);
      expect(await call(north.pulseapi.url, "/monitors", first.initech!)).toBe(200);
      // From now on another admin token, for the move itself.
      keyOfOperators = await issueAdminKey(north.pulsely.url, north.pulsely.adminToken);
      stack.guard(keyOfOperators.key);
      stack.env.NORTH_ADMIN_TOKEN = keyOfOperators.key;
    },
    async ({ emulators, stack }, outputs) => {
      const { globex, ...others } = secretsOf(outputs);
      const { globex: moved, ...before } = first;
      const [north, south] = [emulators.get("4010")!, emulators.get("4011")!];
      expect(others).toEqual(before);
      expect(await call(south.services.pulsely.url, "/checks", globex!)).toBe(200);
      expect(await call(north.services.pulsely.url, "/checks", moved!)).toBe(401);
      const [made] = (await south.requests("pulsely")).filter(({ method }) => method === "POST").slice(-1);
      const revoked = (await north.requests("pulsely")).filter(({ method }) => method === "DELETE");
      expect(revoked.length).toBe(1);
      expect(Date.parse(made!.at)).toBeLessThanOrEqual(Date.parse(revoked[0]!.at));
      // The next token, and the end of the one before: it is found nowhere, or the rest would fail.
      const { url } = north.services.pulsely;
      const next = await issueAdminKey(url, keyOfOperators.key);
      stack.guard(next.key);
      stack.env.NORTH_ADMIN_TOKEN = next.key;
      await fetch(`${url}/api-keys/${keyOfOperators.id}`, {
        method: "DELETE",
        headers: { authorization: `Bearer ${next.key}` },
      });
      expect(await call(url, "/checks", keyOfOperators.key)).toBe(401);
    },
    async (_bench, outputs, run) => {
      expect(run.stdout).toMatch(/5 unchanged/);
      expect(Object.keys(secretsOf(outputs)).sort()).toEqual(["acme", "globex", "hooli", "initech"]);
    },
  ];
}

function uniqueNames(): AfterUp[] {
  let first: Record<string, string>;
  const named = expect.stringMatching(new RegExp(`^station-[a-z]+-[a-z]+${ownSuffix}$`));
  return [
    async ({ emulators }, outputs) => {
      first = outputs;
      expect(outputs.stationName).toEqual(named);
      expect(await call(only(emulators).services.pulsely.url, "/checks", outputs.stationSecret!)).toBe(200);
    },
    async ({ emulators }, outputs) => {
      const { url } = only(emulators).services.pulsely;
      expect(outputs.stationName).toEqual(named);
      expect(outputs.stationName).not.toBe(first.stationName);
      expect(await call(url, "/checks", outputs.stationSecret!)).toBe(200);
      expect(await call(url, "/checks", first.stationSecret!)).toBe(401);
      const names = (await only(emulators).keys.list("pulsely"))
        .filter(({ state }) => state === "active")
        .map(({ name }) => name);
      expect(names).toContain(outputs.stationName);
      expect(names).not.toContain(first.stationName);
    },
  ];
}

function callerChosenSecret(): AfterUp[] {
  let first: Record<string, string>;
  const print = async (url: string, secret: string) =>
    (await fetch(`${url}/labels`, { method: "POST", headers: { authorization: `Bearer ${secret}` } })).status;
  return [
    async ({ parcels }, outputs) => {
      first = outputs;
      expect(outputs.chosenSecret).toMatch(/^[A-Za-z0-9]{40}$/);
      expect(outputs.printerSecret).toBe(outputs.chosenSecret);
      expect(await print(parcels!.url, outputs.chosenSecret!)).toBe(200);
    },
    async ({ parcels }, outputs) => {
      expect(outputs.printerSecret).toBe(outputs.chosenSecret);
      expect(outputs.printerKeyId).not.toBe(first.printerKeyId);
      expect(await print(parcels!.url, outputs.chosenSecret!)).toBe(200);
      expect(await print(parcels!.url, first.chosenSecret!)).toBe(401);
    },
  ];
}

function only(emulators: ReadonlyMap<string, TestEmulator>): TestEmulator {
  const [emulator] = emulators.values();
  if (!emulator) throw new Error("the example uses no emulator");
  return emulator;
}

/** Another key that manages keys, as an operator of the workspace makes one. */
async function issueAdminKey(url: string, token: string): Promise<{ id: string; key: string }> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const body = JSON.stringify({ name: `operators ${crypto.randomUUID()}`, scopes: ["admin:*"], environment: "live" });
  return (await (await fetch(`${url}/api-keys`, { method: "POST", headers, body })).json()) as {
    id: string;
    key: string;
  };
}
