/** What holds between the two faces: a stack moves from one to the other, and what the plugin can tell that a dynamic resource cannot. */
import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { call, goToDay, story, storyOn } from "./support/services";
import type { Face } from "./support/stack";

const timeoutMs = 240_000;
const run = promisify(execFile);
const command = resolve(__dirname, "../../dist/cli/main.js");

const threeResources = (more = "") => `
  const account = new ServiceAccount("exporter", { connection: "novavms", role: "viewer" });
  const camera = new ApiKey("camera", { connection: "novavms", serviceAccountId: account.accountId, scopes: ["cameras:read"] });
  const night = new RotatingApiKey("night", { scopes: ["read:checks"], rotateEvery: "90d", emergency: pulumi.secret("case 4711"), ${more} });
  exports.camera = camera.secret; exports.cameraId = camera.keyId; exports.night = night.secret; exports.old = night.previousSecret;
  exports.nightId = night.keyId; exports.reason = night.rotationReason;`;

describe("A stack that moves between dynamic resources and the plugin", () => {
  test(
    "keeps every key, secret and schedule, there and back, and nothing of it looks gained to a review",
    story(async (bench) => {
      const { stack, services } = bench;
      const write = (face: Face, more?: string) => {
        stack.face = face;
        stack.program(
          face === "plugin"
            ? threeResources(more)
            : // The way back has to be said; in the other direction the schema says it.
              threeResources(more).replace(
                /\b(ServiceAccount|ApiKey|RotatingApiKey)\((".*)\);/g,
                (_all, type, args) => `${type}(${args}, { aliases: [{ type: "apikeys:index:${type}" }] });`,
              ),
        );
      };
      await goToDay(bench, 0);
      write("dynamic");
      await stack.up();
      const first = await stack.outputs();
      const sent = (await services.requests()).length;

      write("plugin");
      const { stdout: preview } = await stack.must("preview", "--json", "--show-sames");
      stack.write("preview.json", preview);
      const review = await run(process.execPath, [command, "review", "--preview", "preview.json"], {
        cwd: stack.project,
      });
      expect(review.stdout).toContain("No access change");
      expect(review.stdout).toContain("2 keys moved with unchanged access");
      const moved = await stack.up();
      expect(moved.stdout).toMatch(/4 unchanged/);
      expect(await stack.outputs()).toEqual(first);
      expect((await services.requests()).length).toBe(sent);
      expect((await stack.state()).map(({ type }) => type).sort()).toEqual([
        "apikeys:index:ApiKey",
        "apikeys:index:RotatingApiKey",
        "apikeys:index:ServiceAccount",
      ]);
      expect((await stack.refresh()).stdout).toMatch(/4 unchanged/);

      await goToDay(bench, 91);
      const due = await stack.preview();
      expect(due.map(({ op, diffReasons }) => [op, diffReasons?.includes("generation")])).toEqual([["update", true]]);
      await stack.up();
      const second = await stack.outputs();
      expect(second.old).toBe(first.night);
      expect(second.nightId).not.toBe(first.nightId);
      expect(second.camera).toBe(first.camera);

      write("dynamic");
      expect((await stack.up()).stdout).toMatch(/4 unchanged/);
      expect(await stack.outputs()).toEqual(second);
      await goToDay(bench, 99);
      await stack.up();
      expect(await call(services.services.pulsely.url, "/checks", first.night!)).toBe(401);
      expect(await call(services.services.pulsely.url, "/checks", second.night!)).toBe(200);
    }),
    timeoutMs,
  );
});

const consumer = `
class Consumer extends pulumi.CustomResource {
  constructor(name, args) {
    super("pulumi-nodejs:dynamic/example:Consumer", name, { ...args, __provider: "exports.handler=()=>({check:async(o,n)=>({inputs:n}),create:async(i)=>({id:'c',outs:i}),update:async(i,o,n)=>({outs:n}),diff:async(i,o,n)=>({replaces:Object.keys(n).filter((k)=>k!=='__provider'&&o[k]!==n[k])}),delete:async()=>{}})" });
  }
}`;

describe("A preview through the plugin", () => {
  test(
    "knows what an update leaves alone: whatever uses it is not planned as replaced, a saved plan passes on every night, and no secret is shown",
    storyOn("plugin", async (bench) => {
      const { stack } = bench;
      const program = (owner: string) =>
        stack.program(`${consumer}
          const night = new RotatingApiKey("night", { scopes: ["read:checks"], rotateEvery: "90d", labels: { owner: "${owner}" } });
          const plain = new ApiKey("plain", { scopes: ["read:checks"], labels: { owner: "${owner}" } });
          new Consumer("web", { night: night.secret, plain: plain.secret, id: plain.keyId, name: plain.physicalName });
          exports.night = night.secret; exports.plain = plain.secret; exports.old = night.previousSecret;`);
      const planned = async () => {
        const { stdout } = await stack.must("preview", "--json", "--save-plan", "plan.json");
        const { steps } = JSON.parse(stdout) as { steps: { op: string; urn: string }[] };
        return steps
          .filter(({ op }) => op !== "same")
          .map(({ op, urn }) => `${op} ${urn.split("::").pop() ?? ""}`)
          .sort();
      };
      await goToDay(bench, 0);
      program("a");
      await stack.up();
      await stack.outputs();

      program("b");
      expect(await planned()).toEqual(["update night", "update plain"]);
      const shown = await stack.must("preview", "--diff");
      expect(shown.stdout).toMatch(/owner: "a" => "b"/);
      await stack.up("--plan", "plan.json");
      // A night in which a key is due, and one in which the one before it goes.
      await goToDay(bench, 90);
      expect(await planned()).toEqual(expect.arrayContaining(["replace web", "update night"]));
      await stack.up("--plan", "plan.json");
      await stack.outputs();
      await goToDay(bench, 98);
      expect(await planned()).toEqual(["update night"]);
      await stack.up("--plan", "plan.json");
      expect((await stack.outputs()).old).toBeUndefined();
    }),
    timeoutMs,
  );
});
