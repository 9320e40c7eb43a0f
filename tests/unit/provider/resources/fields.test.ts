import { describe, expect, test } from "@jest/globals";
import type { Capabilities } from "../../../../provider/backends/definition";
import { accountFields } from "../../../../provider/resources/service-account/fields";
import { createApiKeyProvider } from "../../../../provider/resources/api-key/resource";
import { apiKeyFields } from "../../../../provider/resources/api-key/fields";
import type { ResourceContext } from "../../../../provider/resources/context";
import { type Effect, type Fields, optional, withEffects } from "../../../../provider/resources/fields/field";
import { keyFields } from "../../../../provider/resources/fields/key-fields";
import { fieldSchemas } from "../../../../provider/resources/checks/shape";
import { rotatingFields } from "../../../../provider/resources/rotation/fields";
import { createRotatingApiKeyProvider } from "../../../../provider/resources/rotation/resource";
import { createServiceAccountProvider } from "../../../../provider/resources/service-account/resource";
import { freeText } from "../../../../review/resource-facts";
import type { ApiKeyArgs } from "../../../../sdk/api-key";
import type { RotatingApiKeyArgs } from "../../../../sdk/rotating-api-key";
import type { ServiceAccountArgs } from "../../../../sdk/service-account";
import { OneResource } from "../../../../testing/one-resource";
import { FakeService, origin } from "../support/fake-service";

/** What only this package adds. */
type Added =
  | "origin"
  | "target"
  | "status"
  | "agreedExpiresAt"
  | "replacementReason"
  | "generation"
  | "issuedOn"
  | "rotationReason"
  | "retireAfter"
  | "retireUntil"
  | "retireAskedOn";
type Given<F extends Fields> = Exclude<keyof F & string, Added>;
/** Two values of every input: one that is not listed does not compile. */
type Samples<F extends Fields> = Readonly<Record<Given<F>, readonly [unknown, unknown]>>;

const common = {
  connection: ["default", "other"],
  labels: [{ owner: "a" }, { owner: "b" }],
  name: ["exporter", "importer"],
  description: ["nightly", "weekly"],
  onDisabled: ["ignore", "replace"],
  acceptLess: [false, true],
  revokeOnDestroy: [false, true],
} as const;
const ofKeys: Samples<typeof keyFields> = {
  ...common,
  serviceAccountId: ["account-a", "account-b"],
  scopes: [["read:checks"], ["read:alerts"]],
  environment: ["live", "test"],
  keepers: [{ build: "1" }, { build: "2" }],
  expiresIn: ["60d", "80d"],
  options: [
    { project: "alpha", note: "first" },
    { project: "beta", note: "first" },
  ],
  fullAccess: [true, false],
  allowOutage: [true, false],
  selfRotate: [true, false],
  adopt: [{ keyId: "old-1" }, { keyId: "old-2" }],
};
const ofApiKeys: Samples<typeof apiKeyFields> = {
  ...ofKeys,
  exactName: [false, true],
  expiresAt: ["2026-12-01T00:00:00Z", "2026-12-24T00:00:00Z"],
  secretValue: ["the first chosen secret", "the second chosen secret"],
};
const ofRotatingKeys: Samples<typeof rotatingFields> = {
  ...ofKeys,
  rotateEvery: ["30d", "40d"],
  rotateBefore: ["1d", "2d"],
  overlap: ["2d", "3d"],
  retire: ["afterOverlap", "immediately"],
  maxOverlap: ["12d", "14d"],
  jitter: ["1d", "2d"],
  emergency: ["INC-1", "INC-2"],
  firstRotation: ["due", "now"],
};
const ofAccounts: Samples<typeof accountFields> = {
  ...common,
  exactName: [false, true],
  adopt: [{ accountId: "account-a" }, { accountId: "account-b" }],
  role: ["viewer", "editor"],
  options: [{ region: "north" }, { region: "south" }],
  scopes: [["read:checks"], ["read:alerts"]],
};

const able: Partial<Capabilities> = {
  parent: "serviceAccount",
  rename: true,
  description: "update",
  marker: "metadata",
  environments: ["live", "test"],
  expiry: { support: "optional", update: true, granularityMs: 1_000 },
  secret: { callerChosen: true, form: "token" },
  serviceAccounts: {
    name: "update",
    description: "update",
    role: "replace",
    scopes: "update",
    disabling: "account",
    id: "own",
    enable: false,
    uniqueNames: true,
    listTellsAll: false,
  },
};

const declared = {
  keyOptions: {
    project: { type: "text", description: "the project of the key" },
    note: { type: "text", description: "a note", change: "update", harmless: true },
  },
  accountOptions: { region: { type: "text", description: "where it may be used", change: "update" } },
} as const;

interface Kind {
  readonly fields: Fields;
  readonly samples: Readonly<Record<string, readonly [unknown, unknown]>>;
  readonly program: object;
  readonly create: (context: ResourceContext) => object;
  /** What is not compared as a value: see expiry.ts. */
  readonly apart?: Readonly<Record<string, Effect>>;
}

const key = { scopes: ["read:checks"], serviceAccountId: "account-a" };
const kinds: Readonly<Record<string, Kind>> = {
  ServiceAccount: { fields: accountFields, samples: ofAccounts, program: {}, create: createServiceAccountProvider },
  ApiKey: {
    fields: apiKeyFields,
    samples: ofApiKeys,
    program: key,
    create: createApiKeyProvider,
    apart: { expiresAt: "update", expiresIn: "update" },
  },
  RotatingApiKey: {
    fields: rotatingFields,
    samples: ofRotatingKeys,
    program: { ...key, rotateEvery: "30d" },
    create: createRotatingApiKeyProvider,
  },
};

const inputs = Object.entries(kinds).flatMap(([kind, { samples }]) =>
  Object.keys(samples).map((name) => [kind, name] as const),
);

describe("Every input of every resource", () => {
  test.each(inputs)(
    "%s.%s is accepted, recorded, kept by a refresh, and its change does what is declared, once",
    async (kind, name) => {
      const { fields, samples, program, create, apart = {} } = kinds[kind]!;
      const [before, after] = samples[name]!;
      const service = new FakeService(able);
      service.declared = declared;
      service.keepOld({ keys: ["old-1", "old-2"], accounts: ["account-a", "account-b"] });
      const resource = new OneResource(create(service.context()));
      const first = { ...program, origin, __provider: "code", [name]: before };
      expect((await resource.up(first)).failures).toEqual([]);
      const recorded = () => (name === "secretValue" ? resource.outs.secret : resource.outs[name]);
      expect(recorded()).toEqual(before);
      // How old a key is that was there before, a program does not know.
      const learned = kind === "RotatingApiKey" && name === "adopt" ? ["issuedOn"] : [];
      expect(await resource.refresh()).toEqual(learned);
      expect((await resource.up(first)).op).toBe("same");

      const { change } = fields[name]!;
      const effect =
        apart[name] ??
        (typeof change === "function"
          ? change(service.connection(), { olds: first, news: { ...first, [name]: after } })
          : change);
      const second = { ...first, [name]: after };
      const { op, failures } = await resource.up(second);
      expect([failures, op]).toEqual([[], effect === "replace" ? "replace" : effect === "keep" ? "same" : "update"]);
      if (effect !== "keep") expect(recorded()).toEqual(after);
      expect(effect === "keep" ? [] : await resource.refresh()).toEqual(effect === "keep" ? [] : learned);
      expect((await resource.up(second)).op).toBe("same");
    },
  );

  test.each(Object.entries(kinds))("%s: no other input exists", async (_kind, { fields, samples, create, program }) => {
    const given = Object.keys(fields).filter((name) => fields[name]?.schema && name !== "origin");
    expect(given.sort()).toEqual(Object.keys(samples).sort());
    const resource = new OneResource(create(new FakeService(able).context()));
    const { failures } = await resource.preview({ ...program, origin, __provider: "code", purpose: "a" });
    expect(failures.map(({ property, reason }) => [property, reason])).toEqual([
      ["purpose", 'there is no input "purpose"'],
    ]);
  });
});

test("The review looks for a pasted credential of any shape in every input that takes free words.", () => {
  const written: readonly unknown[] = [fieldSchemas.freeText, fieldSchemas.labels, fieldSchemas.textMap];
  const fields: Fields = { ...apiKeyFields, ...rotatingFields, ...accountFields };
  const names = Object.entries(fields).flatMap(([name, { schema }]) => (written.includes(schema) ? [name] : []));
  expect(names).toContain("keepers");
  expect(freeText).toEqual(expect.arrayContaining(names));
});

/** A field that is half added does not compile: each of these lines fails the check of types where it ever does. */
describe("A field that is half added", () => {
  type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;
  const purpose = optional<string>({ schema: fieldSchemas.text, change: "update" });
  const withPurpose = { ...keyFields, purpose };

  test("has to say what a change of it does, to every kind of key, and stands in the program's types", () => {
    // @ts-expect-error what a change does is missing
    optional<string>({ schema: fieldSchemas.text });
    const effects = Object.fromEntries(Object.keys(keyFields).map((name) => [name, "keep"]));
    // @ts-expect-error what it does to a rotating key is missing
    withEffects(withPurpose, effects as Record<keyof typeof keyFields, Effect>);
    // @ts-expect-error two values of it are missing
    const samples: Samples<typeof withPurpose> = ofKeys;
    // @ts-expect-error a program could not give it
    const inSdk: Same<keyof ApiKeyArgs, Given<typeof apiKeyFields & typeof withPurpose>> = true;

    const ofApiKey: Same<keyof ApiKeyArgs, Given<typeof apiKeyFields>> = true;
    const ofRotatingKey: Same<keyof RotatingApiKeyArgs, Given<typeof rotatingFields>> = true;
    const ofAccount: Same<keyof ServiceAccountArgs, Given<typeof accountFields>> = true;
    expect([samples, inSdk, ofApiKey, ofRotatingKey, ofAccount]).toHaveLength(5);
  });
});
