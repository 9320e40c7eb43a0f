import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { apikeys } from "../crash/support/command-line";
import type { TestStack } from "../engine/support/stack";
import { runReadme, testWithEngine } from "../servers/support/example";
import { type HeldVendor, startHeld } from "./support/describe-vendor";
import { hosted, type HostedDouble, type HostedVendor } from "./support/hosted";
import { prismIsMissing } from "./support/prism";
import { type PublishedDocument, publishedDocument } from "./support/published-document";

interface Running {
  readonly name: string;
  readonly vendor: HostedVendor;
  readonly held: HeldVendor<HostedDouble>;
}

const living = ({ double }: HeldVendor<HostedDouble>) => [...double.livingKeys()].sort();

/** Every key in one review, and in one list of what is due. */
async function isReviewedAndDue(stack: TestStack): Promise<void> {
  const count = Object.keys(hosted).length;
  const { stdout: preview } = await stack.must("preview", "--json", "--show-sames");
  const review = await apikeys(stack, ["review", "--preview", "-", "--format", "json"], preview);
  expect({ code: review.code, stderr: review.stderr }).toEqual({ code: 0, stderr: "" });
  const due = await apikeys(stack, ["due", "--within", "91d", "--json"]);
  const { keys } = JSON.parse(due.stdout) as { readonly keys: readonly { readonly due: readonly unknown[] }[] };
  expect({ code: due.code, due: keys.filter((key) => key.due.length > 0).length }).toEqual({ code: 7, due: count });
}

const documents = new Map<string, PublishedDocument>();
let missing = prismIsMissing();
for (const name of Object.keys(hosted)) {
  const document = publishedDocument(name);
  if ("missing" in document) missing ??= document.missing;
  else documents.set(name, document);
}
if (missing !== undefined) process.stderr.write(`skipped: the example of the hosted services: ${missing}\n`);

(missing === undefined ? describe : describe.skip)("The example of the hosted services", () => {
  const running: Running[] = [];

  beforeAll(async () => {
    for (const [name, vendor] of Object.entries(hosted)) {
      const document = documents.get(name);
      if (!document) throw new Error(`there is no document of ${name}`);
      running.push({ name, vendor, held: await startHeld(document, () => vendor.start(), vendor.alsoAnswers) });
    }
  }, 120_000);
  afterAll(async () => {
    for (const { held } of running) await held.close();
  }, 60_000);

  testWithEngine("makes a key on each, replaces all of them in an emergency, and leaves none.", async () => {
    const before = new Map(running.map(({ name, held }) => [name, living(held)]));
    const settings = {
      connections: Object.fromEntries(
        running.map(({ name, held, vendor }) => [name, { url: held.url, ...vendor.connection }] as const),
      ),
      env: Object.fromEntries(running.map(({ vendor, held }) => [vendor.tokenEnv, held.double.adminToken])),
    };
    const seen: Record<string, string>[] = [];
    const holds = async (outputs: Readonly<Record<string, string>>, stack: TestStack) => {
      const ids = outputs.keyIds as unknown as Record<string, string>;
      expect(Object.keys(ids).sort()).toEqual(running.map(({ name }) => name).sort());
      for (const { name, held } of running)
        expect(living(held)).toEqual([...(before.get(name) ?? []), ids[name]].sort());
      seen.push(ids);
      await isReviewedAndDue(stack);
    };
    await runReadme("hosted-services", settings, [holds, holds]);
    for (const { name, held } of running) {
      expect(seen[0]?.[name]).not.toBe(seen[1]?.[name]);
      expect(living(held)).toEqual(before.get(name));
    }
    for (const { held } of running) held.gate.assertHeld();
  });

  test("is known of every service that has a double.", () => {
    expect(running.map(({ name }) => name)).toEqual(Object.keys(hosted));
  });
});
