/** The README of examples/kubernetes, as far as `kubectl` goes without a cluster: what each command would send. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { shellLines } from "./support/example-readme";

const folder = resolve(__dirname, "../../examples/kubernetes");
const stack = readFileSync(join(folder, "stack.yaml"), "utf8");
const dir = mkdtempSync(join(tmpdir(), "apikeys-kubectl-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** In CI it is there; a machine that lacks it skips in plain sight. */
const hasKubectl = process.env.CI !== undefined || spawnSync("kubectl", ["--help"]).error === undefined;

interface Made {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly data?: Readonly<Record<string, string>>;
}

/** `kubectl` itself reads the flags and the files, and prints the object in the place of sending it. */
function sent(line: string): Made {
  const { status, stdout, stderr } = spawnSync("bash", ["-c", `${line} --dry-run=client -o json`], {
    cwd: dir,
    env: { PATH: process.env.PATH, HOME: dir, KUBECONFIG: join(dir, "none") },
    encoding: "utf8",
  });
  expect([line, status, stderr]).toEqual([line, 0, ""]);
  return JSON.parse(stdout) as Made;
}

(hasKubectl ? test : test.skip)(
  "The README's commands make the secrets that stack.yaml reads, under the keys that it names",
  () => {
    for (const file of ["pulumi-token.txt", "pulsely-token.txt", "git-token.txt"]) writeFileSync(join(dir, file), file);
    const lines = shellLines(readFileSync(join(folder, "README.md"), "utf8")).filter((line) =>
      line.startsWith("kubectl"),
    );
    // What `apply` sends is the file itself, which a unit test holds to the schema.
    expect(lines.filter((line) => !line.includes(" create "))).toEqual(["kubectl apply -f stack.yaml"]);
    const [namespace, ...secrets] = lines.filter((line) => line.includes(" create ")).map(sent);
    expect([namespace?.kind, namespace?.metadata.name]).toEqual(["Namespace", "shop"]);
    for (const { metadata } of secrets) expect(metadata.namespace).toBe("shop");
    const made = Object.fromEntries(
      secrets.map(({ metadata, data }) => [metadata.name, Object.keys(data ?? {}).sort()]),
    );
    const read = [...stack.matchAll(/name: (\S+)\n +key: (\w+)/g)].map(([, name = "", key = ""]) => [name, [key]]);
    // Flux reads both keys of a secretRef by itself.
    const [, ofFlux = ""] = /secretRef:\n +name: (\S+)/.exec(stack) ?? [];
    expect(made).toEqual({ ...Object.fromEntries(read), [ofFlux]: ["password", "username"] });
  },
);
