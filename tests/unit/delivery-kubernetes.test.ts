import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { Ajv, type AnySchema } from "ajv";
import { parseAllDocuments } from "yaml";

const folder = resolve(__dirname, "../../examples/kubernetes");
const text = readFileSync(`${folder}/stack.yaml`, "utf8");
const validate = new Ajv({ strict: true, allErrors: true }).compile(
  JSON.parse(readFileSync(`${folder}/stack.schema.json`, "utf8")) as AnySchema,
);

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: Readonly<Record<string, unknown>>;
}
const load = (yaml: string): Manifest[] =>
  parseAllDocuments(yaml).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as Manifest;
  });
const manifests = load(text);

describe("The Kubernetes file", () => {
  test.each(manifests.map((manifest) => [manifest.kind, manifest] as const))("has a valid %s", (_kind, manifest) => {
    expect(validate(manifest) ? [] : validate.errors).toEqual([]);
  });

  test.each([
    ["continueResyncOnCommitMatch", "continueResyncOnCommit"],
    ["14400", '"14400"'],
    ["14400", "30"],
    ["type: Secret", "type: secret"],
    ["interval: 5m0s", "interval: 5 minutes"],
  ])("would not be valid with %s written as %s", (right, wrong) => {
    expect(load(text.replace(right, wrong)).every((manifest) => validate(manifest) === true)).toBe(false);
  });

  test("rotates keys without a new commit, follows only what CI approved, and survives its own deletion", () => {
    const of = (kind: string): Manifest | undefined => manifests.find((manifest) => manifest.kind === kind);
    expect(of("Stack")?.spec).toMatchObject({
      resyncFrequencySeconds: 14_400,
      continueResyncOnCommitMatch: true,
      destroyOnFinalize: false,
      fluxSource: { sourceRef: { kind: "GitRepository", name: of("GitRepository")?.metadata.name } },
    });
    expect(of("GitRepository")?.spec).toMatchObject({ ref: { branch: "deployed" } });
    expect(of("Stack")?.spec?.serviceAccountName).toBe(of("ServiceAccount")?.metadata.name);
    expect(new Set(manifests.flatMap(({ metadata }) => metadata.namespace ?? []))).toEqual(new Set(["shop"]));
    const readme = readFileSync(`${folder}/README.md`, "utf8");
    for (const secret of text.matchAll(/name: (shop-(?:pulumi|services|repository))$/gm))
      expect(readme).toContain(`generic ${secret[1] ?? ""} `);
  });
});
