/** The page's program for Kubernetes on a real API server, with Pulumi's own provider; scripts/handover runs it. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { compile, linkPackages, programsOf } from "../engine/support/page-programs";
import { type Bench, call, goToDay, openBench, story } from "../engine/support/services";
import { type RunningKubernetes, startKubernetes } from "../servers/support/kubernetes/start";
import { describeServer, startTimeoutMs } from "../servers/support/server";

const storyTimeoutMs = 600_000;
const secretPath = "/api/v1/namespaces/metrics/secrets/exporter-key";
const rolesPath = "/apis/rbac.authorization.k8s.io/v1/namespaces/metrics";

/** What the page says that the job needs. */
const role = {
  metadata: { name: "keys" },
  rules: [{ apiGroups: [""], resources: ["secrets"], verbs: ["get", "list", "watch", "create", "patch", "delete"] }],
};
const binding = {
  metadata: { name: "keys" },
  subjects: [{ kind: "User", name: "deployer" }],
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "keys" },
};

describeServer("kubernetes", (installation) => {
  const home = mkdtempSync(join(tmpdir(), "apikeys-handover-"));
  /** Where the program's packages are; Node follows links and looks for a folder of this name. */
  const modules = join(home, "node_modules");
  let cluster: RunningKubernetes;

  beforeAll(async () => {
    cpSync(join(installation, "node_modules"), modules, { recursive: true });
    linkPackages(home, ["@pulumi/pulumi", "@types/node"]);
    cluster = await startKubernetes(installation);
    await ask("POST", "/api/v1/namespaces", { metadata: { name: "metrics" } });
    await ask("POST", `${rolesPath}/roles`, role);
    await ask("POST", `${rolesPath}/rolebindings`, binding);
  }, startTimeoutMs);
  afterAll(async () => {
    await cluster?.stop();
    rmSync(home, { recursive: true, force: true });
  }, startTimeoutMs);

  const ask = async (method: string, path: string, body?: object): Promise<string> => {
    const answer = await cluster.send(method, path, body);
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
    return answer.body;
  };
  /** What a consumer's pod would find, and the object's identity. */
  const mounted = async () => {
    const { metadata, data, ...rest } = JSON.parse(await ask("GET", secretPath)) as {
      metadata: { uid: string };
      data: Record<string, string>;
    };
    const files = Object.entries(data).map(([name, value]) => [name, Buffer.from(value, "base64").toString()]);
    return { uid: metadata.uid, files: Object.fromEntries(files) as object, beside: JSON.stringify([metadata, rest]) };
  };
  /** The cluster's token is not guarded: Pulumi's provider leaves copies of the kubeconfig in the temporary directory. */
  const open = async (): Promise<Bench> => {
    const bench = await openBench({}, modules);
    const { stack } = bench;
    stack.env.KUBECONFIG = cluster.kubeconfig;
    stack.env.PATH = `${installation}:${stack.env.PATH}`;
    const { "keys.ts": keys = "", "kubernetes.ts": kubernetes = "" } = programsOf("handing-over.md");
    const index = `import "./kubernetes";\nimport { exporter } from "./keys";\nexport const { secret, generation } = exporter;\n`;
    expect(compile(stack.project, { "keys.ts": keys, "kubernetes.ts": kubernetes, "index.ts": index })).toEqual([]);
    return bench;
  };

  test(
    "A key is made, handed over, rotated and removed, and the consumer's copy follows in the same update.",
    story(async ({ stack, services }) => {
      const works = (secret: string) => call(services.services.pulsely.url, "/metrics", secret);
      const upOnDay = async (day: number) => {
        await goToDay({ stack, services }, day);
        await stack.must("preview", "--diff");
        await stack.up();
        return (await stack.outputs()).secret!;
      };

      const first = await upOnDay(0);
      const made = await mounted();
      expect(made.files).toEqual({ current: first, previous: "" });
      expect(await works(first)).toBe(200);

      // Another night changes nothing.
      expect(await upOnDay(1)).toBe(first);
      expect(await mounted()).toEqual(made);

      // The new key does not reach the cluster, so the consumer goes on with the old one; the next update mends it.
      await ask("DELETE", `${rolesPath}/rolebindings/keys`);
      await goToDay({ stack, services }, 30);
      expect((await stack.failingUp()).text).toMatch(/forbidden/);
      expect((await mounted()).files).toEqual(made.files);
      expect(await works(first)).toBe(200);
      await ask("POST", `${rolesPath}/rolebindings`, binding);

      const second = await upOnDay(30);
      const rotated = await mounted();
      expect(rotated).toMatchObject({ uid: made.uid, files: { current: second, previous: first } });
      expect([await works(first), await works(second)]).toEqual([200, 200]);

      expect(await upOnDay(38)).toBe(second);
      const ended = await mounted();
      expect(ended).toMatchObject({ uid: made.uid, files: { current: second, previous: "" } });
      expect([await works(first), await works(second)]).toEqual([401, 200]);

      // What somebody else writes there is not overwritten in silence: the update ends with a conflict.
      await ask("PUT", secretPath, { metadata: { name: "exporter-key" }, data: { current: "b3RoZXI=" } });
      await stack.refresh();
      expect((await stack.failingUp()).text).toMatch(/field conflict/);

      await stack.must("destroy", "--yes", "--skip-preview");
      expect((await cluster.send("GET", secretPath)).status).toBe(404);
      // Neither the object's other fields nor the API server's log hold a secret.
      stack.keep(made.beside, rotated.beside, ended.beside);
      stack.keep(readFileSync(join(dirname(cluster.kubeconfig), "server.log"), "utf8"));
    }, open),
    storyTimeoutMs,
  );
});
