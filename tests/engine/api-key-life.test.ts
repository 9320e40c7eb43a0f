import { describe, expect, test } from "@jest/globals";
import { plainText, providerText } from "../../provider/resource-text";
import { call, storyOn } from "./support/services";
import type { Face } from "./support/stack";
import { ownSuffix } from "./support/own-name";

const twoKeys = (scopes: string[]) => `
  const account = new ServiceAccount("exporter", { connection: "novavms", role: "viewer" });
  const camera = new ApiKey("camera", { connection: "novavms", serviceAccountId: account.accountId, scopes: ["events:read", "cameras:read"], expiresIn: "90d" });
  const checks = new ApiKey("checks", { scopes: ${JSON.stringify(scopes)}, labels: { owner: "web" } });
  exports.camera = camera.secret; exports.checks = checks.secret; exports.checksId = checks.keyId; exports.checksName = checks.physicalName;`;

describe.each<Face>(["dynamic", "plugin"])("A key's life on the real engine, as a %s resource,", (face) => {
  test(
    "is made with one request, costs none while nothing changes, and is replaced create-before-delete when its scopes change",
    storyOn(face, async ({ stack, services }) => {
      stack.program(twoKeys(["read:checks"]));

      // A pull-request job has no credential at all.
      const { PULSELY_ADMIN_TOKEN, NOVAVMS_ADMIN_TOKEN, ...bare } = stack.env;
      const full = stack.env;
      stack.env = bare;
      const planned = await stack.preview();
      expect(planned.map(({ op }) => op)).toEqual(["create", "create", "create"]);
      expect(await services.requests()).toEqual([]);
      stack.env = full;
      expect([PULSELY_ADMIN_TOKEN, NOVAVMS_ADMIN_TOKEN].every(Boolean)).toBe(true);

      await stack.up();
      // One request each, and one list for each parent that is not new: what a killed run may have left.
      expect((await services.requests()).map(({ method, status }) => `${method} ${status}`).sort()).toEqual([
        "GET 200",
        "GET 200",
        "POST 201",
        "POST 201",
        "POST 201",
      ]);
      const first = await stack.outputs();
      expect(await call(services.services.novavms.url, "/cameras", first.camera!)).toBe(200);
      expect(await call(services.services.pulsely.url, "/checks", first.checks!)).toBe(200);
      expect(await call(services.services.pulsely.url, "/metrics", first.checks!)).toBe(403);
      expect(first.checksName).toMatch(new RegExp(`^checks${ownSuffix}$`));

      // Order and repeats are no change, and a run with nothing to do sends nothing.
      const before = (await services.requests()).length;
      stack.program(
        twoKeys(["read:checks", "read:checks"]).replace(
          '["events:read", "cameras:read"]',
          '["cameras:read", "events:read"]',
        ),
      );
      const idle = await stack.up();
      expect(idle.stdout).toMatch(/4 unchanged/);
      expect((await services.requests()).length).toBe(before);

      stack.program(twoKeys(["read:checks", "read:metrics"]));
      const [step, ...rest] = (await stack.preview()).filter(({ op }) => op === "replace");
      expect(rest).toEqual([]);
      expect(step?.replaceReasons).toEqual(["scopes"]);
      const gained = { kind: face === "plugin" ? "add-replace" : "add", inputDiff: true };
      // The plugin names the scope, and not its place in the list.
      expect(step?.detailedDiff).toEqual({
        [face === "plugin" ? 'scopes["read:metrics"]' : "scopes[1]"]: gained,
        replacementReason: { kind: "add", inputDiff: true },
      });
      expect(step?.newState?.inputs?.replacementReason).toBe("scopes changed: +read:metrics");
      expect((await stack.must("preview", "--diff")).stdout).toMatch(
        /\+ replacementReason\s*: "scopes changed: \+read:metrics"/,
      );
      await stack.up();
      const changes = (await services.requests("pulsely"))
        .slice(-2)
        .map(({ method, status, keyId }) => ({ method, status, old: keyId === first.checksId }));
      expect(changes).toEqual([
        { method: "POST", status: 201, old: false },
        { method: "DELETE", status: 204, old: true },
      ]);
      const second = await stack.outputs();
      expect(await call(services.services.pulsely.url, "/metrics", second.checks!)).toBe(200);
      expect(await call(services.services.pulsely.url, "/checks", first.checks!)).toBe(401);

      // What only the record shows: the life of the other key is over.
      stack.env.APIKEYS_NOW = new Date(Date.now() + 92 * 86_400_000).toISOString();
      const [over, ...others] = (await stack.preview()).filter(({ op }) => op !== "same");
      expect(others).toEqual([]);
      expect(over).toMatchObject({ op: "replace", newState: { inputs: { replacementReason: "expired 2 d ago" } } });
      expect((await stack.must("preview")).text).toContain('warning: the key "camera" is replaced: expired 2 d ago');
      delete stack.env.APIKEYS_NOW;

      // An account says why as well.
      stack.program(twoKeys(["read:checks", "read:metrics"]).replace('role: "viewer"', 'role: "operator"'));
      const replaced = (await stack.preview()).filter(({ op }) => op === "replace");
      expect(replaced.find(({ urn }) => urn.endsWith("::exporter"))).toMatchObject({
        replaceReasons: ["role"],
        newState: { inputs: { replacementReason: "role changed: viewer => operator" } },
      });
      stack.program(twoKeys(["read:checks", "read:metrics"]));

      const state = await stack.state();
      const key = state.find(({ urn }) => urn.endsWith("::checks"));
      expect(key?.outputs?.__provider).toBe((face === "dynamic" ? providerText : plainText)("ApiKey"));
      // Of the trace, the program's own line, and not how Pulumi and Node have started it.
      const trace = [{ sourcePosition: expect.stringMatching(/^project:\/\/\/index\.js#\d+,\d+$/) }];
      if (face === "dynamic") expect(key).toMatchObject({ stackTrace: trace });
      // The engine's own part is 640 bytes. The trace is not counted, since it holds the paths of where Pulumi is installed.
      // The longest of ours is the text of the code, 280 bytes, which a dynamic resource holds twice.
      // The reason, which a first key does not have, is held twice as well.
      const { stackTrace, ...held } = key!;
      expect(stackTrace).toBeDefined();
      const reason = JSON.stringify({ replacementReason: "scopes changed: +read:metrics" }).length;
      expect(JSON.stringify(held).length - 2 * reason).toBeLessThan(face === "dynamic" ? 2_300 : 1_650);
    }),
    180_000,
  );

  test(
    "the key that the connection itself runs on is not ended, and with selfRotate its successor does the rest of the run",
    storyOn(face, async ({ stack, services }) => {
      const keyed = (more: string, beside = "") => `
        const admin = new ApiKey("admin", { scopes: ["admin:*"], fullAccess: true, ${more} });
        ${beside} exports.admin = admin.secret; exports.id = admin.keyId;`;
      stack.program(keyed("", 'new ApiKey("beside", { scopes: ["read:checks"] });'));
      await stack.up();
      const first = await stack.outputs();
      const { PULSELY_ADMIN_TOKEN: ownersToken } = stack.env;
      stack.env.PULSELY_ADMIN_TOKEN = first.admin;
      expect((await stack.refresh()).text).toMatch(/3 unchanged/);

      stack.program(keyed('keepers: { build: "2" }'));
      const refused = await stack.pulumi("preview");
      expect(refused.code).not.toBe(0);
      expect(refused.text).toContain(
        `the key ${first.id} is the credential that the connection "default" itself runs on`,
      );
      stack.program(keyed('keepers: { build: "2" }, selfRotate: true'));
      const { text } = await stack.up();
      expect(text).toMatch(/put the output secret of "admin" where .*\(environment variable PULSELY_ADMIN_TOKEN\)/);
      const second = await stack.outputs();
      const living = (await services.keys.list("pulsely")).filter(({ state }) => state === "active");
      expect(living.map(({ id }) => id)).toEqual([second.id]);

      stack.env.PULSELY_ADMIN_TOKEN = second.admin;
      expect((await stack.up()).text).toMatch(/2 unchanged/);
      const destroyed = await stack.pulumi("destroy", "--yes", "--skip-preview");
      expect(destroyed.code).not.toBe(0);
      expect(destroyed.text).toContain("this run has made no successor of it. Nothing was done.");
      stack.env.PULSELY_ADMIN_TOKEN = ownersToken;
    }),
    180_000,
  );

  test(
    "a delete that fails stays in the state, says why, and is made up for by the next update",
    storyOn(face, async ({ stack, services }) => {
      stack.program(`const k = new ApiKey("k", { scopes: ["read:checks"] }); exports.s = k.secret;`);
      await stack.up();
      const old = await stack.outputs();
      stack.program(`const k = new ApiKey("k", { scopes: ["read:alerts"] }); exports.s = k.secret;`);
      await services.faults.add({ service: "pulsely", method: "DELETE", kind: "status", status: 403, times: 5 });
      const failed = await stack.failingUp();
      expect(failed.text).toMatch(
        /cannot delete ApiKey "k" \(id key_[0-9a-f]+\) on connection "default": DELETE .* answered 403/,
      );
      expect((await stack.state()).map((resource) => resource.delete ?? false)).toEqual(
        expect.arrayContaining([true, false]),
      );
      await stack.outputs();
      expect(await call(services.services.pulsely.url, "/checks", old.s!)).toBe(200);
      await services.faults.clear();
      await stack.up();
      expect(await call(services.services.pulsely.url, "/checks", old.s!)).toBe(401);
      expect((await stack.state()).length).toBe(1);
    }),
    180_000,
  );

  test(
    "a key revoked, expired, re-scoped or deleted outside shows as drift after a refresh, and the next update replaces it",
    storyOn(face, async ({ stack, services }) => {
      // The keys of one connection are read from one list; a key on another is asked for by itself.
      const { url } = services.services.pulsely;
      const beside = { backend: "pulsely", url, tokenEnv: "PULSELY_ADMIN_TOKEN" };
      stack.env.APIKEYS_CONNECTIONS = JSON.stringify({ beside });
      stack.program(`
        const of = (name, scopes, connection) => new ApiKey(name, { scopes, connection });
        const keys = [of("revoked", ["read:checks"]), of("expired", ["read:checks"]), of("rescoped", ["read:checks", "read:alerts"]), of("untouched", ["read:checks"]), of("unreadable", ["read:checks"], "beside"), of("deleted", ["read:alerts"])];
        exports.ids = pulumi.all(keys.map((key) => key.keyId)).apply((ids) => ids.join(" ")); exports.secrets = pulumi.all(keys.map((key) => key.secret)).apply((all) => all.join(" "));`);
      await stack.up();
      const { ids, secrets } = await stack.outputs();
      stack.guard(...secrets!.split(" "));
      const [revoked, expired, rescoped, untouched, unreadable, deleted] = ids!.split(" ") as [
        string,
        string,
        string,
        string,
        string,
        string,
      ];
      expect((await fetch(`${services.controlUrl}/keys/pulsely/${deleted}`, { method: "DELETE" })).status).toBe(200);
      await services.keys.edit("pulsely", revoked, { state: "revoked" });
      await services.keys.edit("pulsely", expired, { state: "expired" });
      await services.keys.edit("pulsely", rescoped, { scopes: ["read:checks", "write:checks"] });
      // One key that cannot be read stays what it was, never "missing", and does not hide what is wrong with the others.
      await services.faults.add({
        service: "pulsely",
        method: "GET",
        path: unreadable,
        kind: "status",
        status: 403,
        times: 9,
      });
      const refreshed = await stack.pulumi("refresh", "--yes", "--skip-preview");
      expect(refreshed.code).toBe(0);
      expect(refreshed.text).toMatch(
        /warning: the connection "beside" could not be read, .* stands, unproven \(first of all the key "unreadable": .*answered 403/,
      );
      await services.faults.clear();
      const steps = (await stack.preview()).filter(({ op }) => op === "replace");
      const reasons = new Map(
        steps.map(({ urn, replaceReasons }) => [urn.split("::").pop(), replaceReasons?.toSorted()]),
      );
      // The service gave the expired key an end that has passed: that is a reason of its own.
      expect(Object.fromEntries(reasons)).toEqual({
        revoked: ["status"],
        expired: ["expiresAt", "status"],
        rescoped: ["scopes"],
        deleted: ["status"],
      });
      const shown = await stack.must("preview", "--diff");
      expect(shown.stdout).toMatch(/status\s*: "revoked" => "active"/);
      expect(shown.stdout).toMatch(/status\s*: "missing" => "active"/);
      expect(shown.stdout).toMatch(/\+ replacementReason\s*: "revoked on the service"/);
      await stack.up();
      expect((await stack.outputs()).ids!.split(" ").slice(3, 5)).toEqual([untouched, unreadable]);
      stack.guard(...(await stack.outputs()).secrets!.split(" "));
      const living = (await services.keys.list("pulsely")).filter(({ state }) => state === "active");
      expect(
        living
          .filter(({ name }) => /^(revoked|expired|rescoped|untouched|unreadable)-/.test(name))
          .map(({ scopes }) => scopes.join())
          .sort(),
      ).toEqual(["read:alerts,read:checks", "read:checks", "read:checks", "read:checks", "read:checks"]);
    }),
    180_000,
  );

  test(
    "--target-replace with equal inputs makes another key before the old one goes, and a saved plan is carried out as it was shown",
    storyOn(face, async ({ stack, services }) => {
      stack.program(
        `const k = new ApiKey("k", { scopes: ["read:checks"] }); exports.s = k.secret; exports.id = k.keyId;`,
      );
      await stack.must("preview", "--save-plan", "plan.json");
      await stack.up("--plan", "plan.json");
      const first = await stack.outputs();
      const { urn } = (await stack.state())[0]!;
      await stack.up("--target-replace", urn);
      const second = await stack.outputs();
      expect(second.id).not.toBe(first.id);
      expect(await call(services.services.pulsely.url, "/checks", first.s!)).toBe(401);
      expect(await call(services.services.pulsely.url, "/checks", second.s!)).toBe(200);

      const withConsumer = (scope: string) =>
        stack.program(
          `const k = new ApiKey("k", { scopes: ["${scope}"] }); exports.s = k.secret; exports.id = k.keyId;
           const c = new ApiKey("c", { scopes: ["read:metrics"], keepers: { k: k.fingerprint } }); exports.reason = c.replacementReason;`,
        );
      withConsumer("read:checks");
      await stack.up();
      withConsumer("read:alerts");
      // The plan does not know the keeper's value yet, so it holds the update to no words about it.
      await stack.must("preview", "--save-plan", "plan.json");
      await stack.up("--plan", "plan.json");
      const third = await stack.outputs();
      expect(third.reason).toBe("keepers changed: k");
      expect(await call(services.services.pulsely.url, "/alerts", third.s!)).toBe(200);
    }),
    180_000,
  );

  test(
    "a date that the program never changed is never refused, though it was moved outside and has passed; a life that took a date's place ends as one",
    storyOn(face, async ({ stack, services }) => {
      const program = (dated: string, life: string) =>
        stack.program(`
          const account = new ServiceAccount("exporter", { connection: "novavms", role: "viewer" });
          const of = (name, end) => new ApiKey(name, { connection: "novavms", serviceAccountId: account.accountId, scopes: ["events:read"], ...end });
          const dated = of("dated", ${dated}), life = of("life", ${life});
          exports.dated = dated.keyId; exports.ends = dated.expiresAt; exports.secrets = pulumi.all([dated.secret, life.secret]).apply((all) => all.join(" "));`);
      const changes = async () => (await stack.preview()).filter(({ op }) => op !== "same");
      program('{ expiresIn: "90d" }', "{}");
      await stack.up();
      const { dated, ends, secrets } = await stack.outputs();
      stack.guard(...secrets!.split(" "));

      // The same end in other words changes the record alone.
      const sent = (await services.requests()).length;
      const date = `{ expiresAt: ${JSON.stringify(ends)} }`;
      program(date, "{}");
      await stack.up();
      expect(await changes()).toEqual([]);
      expect((await services.requests()).length).toBe(sent);

      await services.keys.edit("novavms", dated!, { expiresAt: new Date(Date.now() + 3_600_000).toISOString() });
      await stack.must("refresh", "--yes", "--skip-preview");
      const [drift, ...rest] = await changes();
      expect(rest).toEqual([]);
      expect(drift).toMatchObject({ op: "update", diffReasons: ["agreedExpiresAt", "expiresAt"] });
      stack.env.APIKEYS_NOW = new Date(Date.parse(ends!) + 1_000).toISOString();
      expect(await changes()).toEqual([]);
      const idle = await stack.up();
      expect(idle.text).toContain(
        `warning: the key "dated" expired at ${ends}; it stays so until expiresAt is changed`,
      );

      program('{ expiresIn: "90d" }', "{}");
      const [over] = await changes();
      expect(over).toMatchObject({ op: "replace", replaceReasons: ["expiresIn"] });
      delete stack.env.APIKEYS_NOW;
    }),
    180_000,
  );

  test(
    "that is given less than it asked for fails in every update with the key kept, until the program accepts that",
    storyOn(face, async ({ stack, services }) => {
      const given = { id: "key_less", name: "k", scopes: ["read:alerts"], environment: "live", status: "active" };
      const body = { ...given, key: "pk_live_canary0LessThanAsked" };
      stack.guard(body.key);
      await services.faults.add({
        service: "pulsely",
        method: "POST",
        path: "/api-keys$",
        kind: "garbage",
        status: 201,
        body,
      });
      const program = (more: string) =>
        stack.program(
          `const k = new ApiKey("k", { scopes: ["read:alerts", "read:checks"], exactName: true, ${more} }); exports.id = k.keyId;`,
        );
      program("");
      const words = /the key "k" was not given "read:checks", although asked for/;
      for (const _run of [1, 2]) {
        const { text } = await stack.failingUp();
        expect(text).toMatch(words);
        expect(text).toMatch(/The key key_less is kept in the state\..*acceptLess: true/);
        expect((await stack.state()).map(({ id }) => id)).toEqual(["key_less"]);
      }
      program("acceptLess: true");
      expect((await stack.up()).text).toMatch(words);
      expect((await stack.outputs()).id).toBe("key_less");
      expect((await services.requests("pulsely")).filter(({ method }) => method === "POST")).toHaveLength(1);
    }),
    180_000,
  );
});
