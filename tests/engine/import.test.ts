/** Keys that were there before: imported through the plugin, taken over by a dynamic resource. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { type Bench, call, story, storyOn } from "./support/services";
import type { Face } from "./support/stack";

const timeoutMs = 240_000;

/** An account of NovaVMS with two keys, and one key of Pulsely, made by somebody's own hands. */
async function madeByHand({ services, stack }: Bench) {
  const { novavms, pulsely } = services.services;
  const post = async (url: string, token: string, body: object) => {
    const answer = await fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return (await answer.json()) as Record<string, string>;
  };
  const account = await post(`${novavms.url}/service-accounts`, novavms.adminToken, { name: "legacy", role: "viewer" });
  const keysOf = `${novavms.url}/service-accounts/${account.id ?? ""}/keys`;
  const camera = await post(keysOf, novavms.adminToken, { name: "legacy-camera", scopes: ["cameras:read"] });
  const events = await post(keysOf, novavms.adminToken, { name: "legacy-events", scopes: ["events:read"] });
  const ci = await post(`${pulsely.url}/api-keys`, pulsely.adminToken, { name: "legacy-ci", scopes: ["read:checks"] });
  stack.guard(camera.key!, events.key!);
  return {
    account: account.id!,
    camera,
    events,
    ci,
    write: async () => (await services.requests()).filter(({ method }) => method !== "GET").length,
  };
}

describe("Keys that were there before", () => {
  test(
    "are imported without being touched, by the command and by the option, keep their secret where it is given and is right, and are left on the service",
    storyOn("plugin", async (bench) => {
      const { stack, services } = bench;
      const { account, camera, events, ci, write } = await madeByHand(bench);
      stack.program("");
      const written = await write();
      const importing = (type: string, name: string, id: string) =>
        stack.pulumi(
          "import",
          `apikeys:index:${type}`,
          name,
          id,
          "--yes",
          "--skip-preview",
          "--protect=false",
          "--generate-code=false",
        );

      // A wrong secret is not believed, and stands in no message.
      stack.env.APIKEYS_IMPORT_SECRET = `${camera.key!.slice(0, -4)}0000`;
      stack.guard(stack.env.APIKEYS_IMPORT_SECRET);
      const wrong = await importing("ApiKey", "camera", `novavms/${account}/${camera.id!}`);
      expect(wrong.text).toMatch(/the secret that was given is not that of the key/);
      writeFileSync(join(stack.dir, "secret"), `${camera.key!}\n`);
      delete stack.env.APIKEYS_IMPORT_SECRET;
      stack.env.APIKEYS_IMPORT_SECRET_FILE = join(stack.dir, "secret");
      expect((await importing("ApiKey", "camera", `novavms/${account}/${camera.id!}`)).code).toBe(0);
      delete stack.env.APIKEYS_IMPORT_SECRET_FILE;
      writeFileSync(join(stack.dir, "secret"), "");
      expect((await importing("ServiceAccount", "legacy", `novavms/${account}`)).code).toBe(0);
      expect((await importing("ApiKey", "ci", `default/none`)).text).toMatch(/does not exist/);

      const labels = '{ owner: "web", purpose: "status" }';
      stack.program(`
        const legacy = new ServiceAccount("legacy", { connection: "novavms", role: "viewer" });
        const camera = new ApiKey("camera", { connection: "novavms", serviceAccountId: legacy.accountId, scopes: ["cameras:read"] });
        const night = new RotatingApiKey("night", { connection: "novavms", serviceAccountId: legacy.accountId, scopes: ["events:read"], rotateEvery: "90d", labels: ${labels} }, { import: "novavms/${account}/${events.id!}" });
        const ci = new ApiKey("ci", { scopes: ["read:checks"], labels: ${labels} }, { import: "default/${ci.id!}" });
        exports.camera = camera.secret; exports.ciId = ci.keyId; exports.ci = ci.secret; exports.next = night.nextRotationAt;`);
      const planned = await stack.preview();
      expect(planned.map(({ op, urn }) => `${op} ${urn.split("::").pop() ?? ""}`).sort()).toEqual([
        "import ci",
        "import night",
      ]);
      await stack.up();
      const { camera: secret, ciId, ci: unknown } = await stack.outputs();
      expect(secret).toBe(camera.key);
      expect(ciId).toBe(ci.id);
      expect(unknown).toBeUndefined();
      // What no service tells stands in the record from the next update on.
      expect((await stack.preview()).map(({ op, diffReasons }) => [op, diffReasons])).toEqual([
        ["update", ["labels"]],
        ["update", ["labels"]],
      ]);
      await stack.up();
      expect(await stack.preview()).toEqual([]);
      expect((await stack.refresh()).stdout).toMatch(/5 unchanged/);
      expect(await write()).toBe(written);

      await stack.must("destroy", "--yes", "--skip-preview");
      expect(await write()).toBe(written);
      expect(await call(services.services.novavms.url, "/cameras", camera.key!)).toBe(200);
    }),
    timeoutMs,
  );

  test(
    "are read by get without being owned: each run looks, and neither a refresh nor a destroy makes more of it; a review refuses it",
    story(async (bench) => {
      const { stack, services } = bench;
      const { account, camera, events, write } = await madeByHand(bench);
      const written = await write();
      const program = (id: string) =>
        stack.program(`
          const legacy = ServiceAccount.get("legacy", "novavms/${account}");
          const camera = ApiKey.get("camera", "novavms/${account}/${camera.id!}", { secret: process.env.CAMERA_SECRET });
          const night = RotatingApiKey.get("night", "novavms/${account}/${id}");
          exports.camera = camera.secret; exports.owner = legacy.physicalName; exports.night = night.keyId; exports.unknown = pulumi.all([night.secret, night.nextRotationAt, night.generation]).apply((told) => told.every((value) => value === undefined));`);
      stack.env.CAMERA_SECRET = camera.key!;
      program("none");
      expect((await stack.failingUp()).text).toMatch(
        /cannot read RotatingApiKey "night".* the service has nothing with the id "novavms\/.*\/none"/,
      );
      program(events.id!);
      await stack.up();
      const outputs = await stack.outputs();
      expect(outputs).toEqual({ camera: camera.key, owner: "legacy", night: events.id, unknown: true });
      const idle = await stack.up();
      expect(idle.text).not.toMatch(/warning|updated|replaced/);
      await stack.refresh();
      const { stdout: preview } = await stack.must("preview", "--json", "--show-sames");
      stack.write("preview.json", preview);
      // No input says which connection it is read through, and the connection's credential is sent in the preview itself.
      const review = await runCommand("review", "--preview", join(stack.project, "preview.json"));
      expect(review).toMatchObject({
        code: 10,
        stdout: expect.stringMatching(/camera.*`get` reads it .* StackReference/),
      });
      stack.write("state.json", (await stack.must("stack", "export")).stdout);
      const due = await runCommand("due", "--state", join(stack.project, "state.json"));
      expect(due.stdout).not.toMatch(/night/);
      await stack.must("destroy", "--yes", "--skip-preview");
      expect(await write()).toBe(written);
      expect(await call(services.services.novavms.url, "/cameras", camera.key!)).toBe(200);
    }),
    timeoutMs,
  );
});

describe.each<Face>(["dynamic", "plugin"])("Keys that were there before, of %s resources,", (face) => {
  test(
    "are taken over by the input adopt: not touched by that, replaced and rotated into keys with a secret, and revoked where the program says so",
    storyOn(face, async (bench) => {
      const { stack, services } = bench;
      const { account, camera, events, ci, write } = await madeByHand(bench);
      const written = await write();
      if (face === "dynamic") {
        stack.program(`new ApiKey("ci", { scopes: ["read:checks"] }, { import: "${ci.id!}" });`);
        const refused = await stack.failingUp();
        expect(refused.text).toMatch(/a dynamic resource cannot be imported.*input adopt/);
        expect(refused.text).not.toMatch(/\bat .*\.js:\d+/);
      }

      await stack.setSecret("engine-test:camera", camera.key!);
      const program = (scopes: string, more = "") => `
        const legacy = new ServiceAccount("legacy", { connection: "novavms", role: "viewer", adopt: { accountId: "${account}" } });
        const camera = new ApiKey("camera", { connection: "novavms", serviceAccountId: legacy.accountId, scopes: ["cameras:read"], adopt: { keyId: "${camera.id!}", secret: new pulumi.Config().requireSecret("camera") } });
        const night = new RotatingApiKey("night", { connection: "novavms", serviceAccountId: legacy.accountId, scopes: ["events:read"], rotateEvery: "90d", retire: "immediately", adopt: { keyId: "${events.id!}" }, firstRotation: "now" });
        const ci = new ApiKey("ci", { scopes: ["${scopes}"], adopt: { keyId: "${ci.id!}" }, revokeOnDestroy: true });
        exports.camera = camera.secret; exports.night = night.secret; exports.nightReason = night.rotationReason; exports.ci = ci.secret; ${more}`;
      stack.program(program("read:checks"));
      // A review reads which key it is, and nobody reads its secret.
      const planned = (await stack.preview()).find(({ urn }) => urn.endsWith("::camera"));
      expect(planned?.newState?.inputs?.adopt).toEqual({ keyId: camera.id, secret: "[secret]" });
      await stack.up();
      expect(await write()).toBe(written);
      const first = await stack.outputs();
      expect([first.camera, first.night, first.ci]).toEqual([camera.key, undefined, undefined]);
      const { fingerprint } = await stack.record("camera");
      expect(fingerprint).toBe(createHash("sha256").update(camera.key!).digest("hex").slice(0, 16));

      stack.program(program("read:alerts", 'exports.sure = require("pulumi-apikeys").requireSecret(ci);'));
      await stack.up();
      const second = await stack.outputs();
      expect(second.nightReason).toMatch(/^first rotation of a key that was taken over/);
      expect(await call(services.services.novavms.url, "/events", second.night!)).toBe(200);
      expect(await call(services.services.novavms.url, "/events", events.key!)).toBe(401);
      expect(await call(services.services.pulsely.url, "/alerts", second.ci!)).toBe(200);
      const old = (await services.keys.list("pulsely")).find(({ id }) => id === ci.id);
      expect(old?.state).toBe("revoked");
      expect(await call(services.services.novavms.url, "/cameras", camera.key!)).toBe(200);
    }),
    timeoutMs,
  );
});

async function runCommand(...words: string[]): Promise<{ readonly code: number; readonly stdout: string }> {
  const command = resolve(__dirname, "../../dist/cli/main.js");
  try {
    return { code: 0, stdout: (await promisify(execFile)(process.execPath, [command, ...words])).stdout };
  } catch (error) {
    return error as { readonly code: number; readonly stdout: string };
  }
}
