import { createDecipheriv, createHash, pbkdf2Sync } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parse } from "yaml";
import { placeholder, throwAwayPassphrase } from "../../../cli/withheld-secrets";
import { withholdSecrets } from "../../../cli/withheld-state";
import { apikeys, scratchDirectory } from "../review/support/command-line";

const signature = "4dabf18193072939515e22adb298388d";
const secret = (ciphertext: string): object => ({
  [signature]: "1b47061264138c4ac30d75fd1eb44270",
  ciphertext,
});
const scratch = scratchDirectory();
afterAll(scratch.discard);

/** The engine's own reading: PBKDF2, AES-256-GCM, `v1:nonce:sealed`. A second hand, for what the first one wrote. */
function open(sealed: string, salt: string): string {
  const key = pbkdf2Sync(throwAwayPassphrase, Buffer.from(salt.split(":")[1]!, "base64"), 1_000_000, 32, "sha256");
  const [, nonce, text] = sealed.split(":").map((part) => Buffer.from(part, "base64"));
  const decipher = createDecipheriv("aes-256-gcm", key, nonce!);
  decipher.setAuthTag(text!.subarray(-16));
  return Buffer.concat([decipher.update(text!.subarray(0, -16)), decipher.final()]).toString("utf8");
}

const urn = "urn:pulumi:prod::shop::pulumi-nodejs:dynamic/apikeys:ApiKey::dashboard";
const state = {
  version: 3,
  features: ["x"],
  deployment: {
    manifest: { time: "2027-02-01T10:00:00Z", magic: "m", version: "v3.259.0" },
    secrets_providers: {
      type: "cloud",
      state: { url: "awskms://alias/canary-of-the-key", encryptedkey: "canary-wrapped-key" },
    },
    resources: [
      {
        urn: "urn:pulumi:prod::shop::pulumi:providers:pulumi-nodejs::default",
        type: "pulumi:providers:pulumi-nodejs",
        id: "7",
        inputs: { "apikeys:tokens": secret("canary-tokens"), "apikeys:connections": '{"default":{"tokenEnv":"T"}}' },
      },
      {
        urn,
        type: "pulumi-nodejs:dynamic/apikeys:ApiKey",
        id: "key_1",
        inputs: { scopes: ["read:checks"], nested: { list: [1, secret("canary-in-a-list"), null, false] } },
        outputs: { secret: secret("canary-output"), hint: "ply_live_ab12…9f", fingerprint: "0123456789abcdef" },
      },
    ],
    pending_operations: [
      { type: "creating", resource: { urn: `${urn}2`, inputs: { secretValue: secret("canary-pending") } } },
    ],
  },
};

describe("A state without secrets", () => {
  const copy = withholdSecrets(structuredClone(state));
  const text = JSON.stringify(copy.state);

  test("has none of the ciphertexts and nothing of the secrets' provider, and opens with the public passphrase", () => {
    expect(copy.withheld).toBe(4);
    expect(text).not.toContain("canary");
    const { secrets_providers: provider, resources } = (
      copy.state as {
        deployment: {
          secrets_providers: { type: string; state: { salt: string } };
          resources: { outputs: { secret: { ciphertext: string } } }[];
        };
      }
    ).deployment;
    expect(provider.type).toBe("passphrase");
    const { salt } = provider.state;
    expect(open(salt.split(":").slice(2).join(":"), salt)).toBe("pulumi");
    expect(JSON.parse(open(resources[1]!.outputs.secret.ciphertext, salt))).toBe(placeholder);
  });

  test("keeps everything else as it was, in its order", () => {
    const back = text
      .replaceAll(/"ciphertext":"[^"]*"/g, '"ciphertext":"?"')
      .replace(/"secrets_providers":\{.*?\}\}/, "P");
    const was = JSON.stringify(state)
      .replaceAll(/"ciphertext":"[^"]*"/g, '"ciphertext":"?"')
      .replace(/"secrets_providers":\{.*?\}\}/, "P");
    expect(back).toBe(was);
    expect(copy.blanked).toEqual([]);
    // Equal states make equal copies.
    expect(JSON.stringify(withholdSecrets(structuredClone(state)).state)).toBe(text);
  });

  test("blanks what stands in the clear and looks like a secret, and says where", () => {
    const leaky = structuredClone(state) as unknown as { deployment: { resources: Record<string, unknown>[] } };
    const drawn = "aVeryLongCanaryThatHasNoKnownShape";
    leaky.deployment.resources.push({
      urn: `${urn}3`,
      id: "sk_live_canary0123456789",
      outputs: {
        fingerprint: createHash("sha256").update(drawn).digest("hex").slice(0, 16),
        note: [{ text: drawn }],
        state: JSON.stringify({ x: secret("canary-inside-a-text") }),
        ply_live_canaryasaname: true,
      },
    });
    const { state: clean, blanked } = withholdSecrets(leaky);
    expect(JSON.stringify(clean)).not.toMatch(/canary|CanaryThat/);
    expect(blanked).toEqual([
      `${urn}3: id`,
      `${urn}3: outputs.note[0].text`,
      `${urn}3: outputs.state`,
      `${urn}3: outputs: the name of property 4`,
    ]);
  });

  test.each([
    ["not a state", []],
    ["not a state", { version: 3 }],
    [
      "in the clear",
      { deployment: { resources: [{ urn, outputs: { secret: { ...secret(""), plaintext: '"x"' } } }] } },
    ],
    ["Rename the resource", { deployment: { resources: [{ urn: `${urn}-sk_live_0123456789abcdef` }] } }],
  ])("is refused (%s)", (why, given) => {
    expect(() => withholdSecrets(given)).toThrow(why);
  });

  test("leaves no ciphertext of any generated state, wherever it stands, and changes nothing else", () => {
    const leaf = fc.oneof(
      fc.constantFrom("read:checks", "", "ply", 1, true, null),
      fc.integer().map((n) => secret(`CANARY${n}`)),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: "small" },
        leaf,
        fc.array(tie("tree"), { maxLength: 4 }),
        fc.dictionary(fc.constantFrom("a", "urn", "__proto__", "secrets_providers", "ciphertext"), tie("tree")),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const whole = JSON.parse(JSON.stringify({ deployment: { x: value } })) as unknown;
        const was = JSON.stringify(whole);
        const { state: clean } = withholdSecrets(whole);
        expect(JSON.stringify(clean)).not.toContain("CANARY");
        const rest = clean as { deployment: Record<string, unknown> };
        delete rest.deployment.secrets_providers;
        const bare = (content: string): string =>
          content.replaceAll(/("1b47061264138c4ac30d75fd1eb44270","ciphertext":)"[^"]*"/g, "$1?");
        expect(bare(JSON.stringify(rest))).toBe(bare(was));
      }),
    );
  });
});

describe("apikeys state --without-secrets", () => {
  test("writes the copy of a state, and says on stderr what it withheld", async () => {
    const ended = await apikeys(["state", "--without-secrets", "--state", "-"], { stdin: JSON.stringify(state) });
    expect([ended.code, ended.stderr]).toEqual([0, "apikeys state: 4 encrypted values withheld.\n"]);
    expect(JSON.parse(ended.stdout)).toEqual(withholdSecrets(state).state);
  });

  test("treats a stack's config file, in whatever form its secrets are written", async () => {
    const file = scratch.path("Pulumi.prod.yaml");
    const source = `secretsprovider: awskms://alias/canary
encryptedkey: canarykey
environment: [ base ]
config:
  shop:webhook:
    secure: v1:canary:one # from the vendor
  shop:flow: { secure: "canary two", }
  shop:list: [{ deep: { "secure": canary3 } }]
  shop:secure: kept
  shop:plain: { secure: also kept, more: 1 }
`;
    writeFileSync(file, source);
    const out = scratch.path("out.yaml");
    const ended = await apikeys(["state", "--without-secrets", "--config", file, "--out", out]);
    expect([ended.code, ended.stdout]).toEqual([0, ""]);
    expect(ended.stderr).toContain('"environment" was left out');
    const written = readFileSync(out, "utf8");
    expect(written).not.toContain("canary");
    const { config, encryptionsalt, ...others } = parse(written) as {
      encryptionsalt: string;
      config: Record<string, { secure: string }>;
    };
    expect(others).toEqual({});
    expect(open(config["shop:webhook"]!.secure, encryptionsalt)).toBe(placeholder);
    expect(config).toMatchObject({ "shop:secure": "kept", "shop:plain": { secure: "also kept", more: 1 } });
    expect(readFileSync(file, "utf8")).toBe(source);
  });

  test.each([
    [["--state", "-"], "Give --without-secrets"],
    [["--without-secrets", "--config", "a", "--state", "b"], "two copies"],
    [["--without-secrets", "--config", "gone.yaml"], "cannot be read"],
    [["--without-secrets", "--state", "-"], "gave no JSON"],
  ])("refuses %j with exit code 2", async (flags, why) => {
    const ended = await apikeys(["state", ...flags], { stdin: "not a state" });
    expect([ended.code, ended.stderr]).toEqual([2, expect.stringContaining(why)]);
  });

  test.each(['{"a":', "["])("refuses a state that is nested too deep to be read whole: %s", async (open) => {
    const close = open === "[" ? "]" : "}";
    const deep = `${open.repeat(20_000)}1${close.repeat(20_000)}`;
    const ended = await apikeys(["state", "--without-secrets", "--state", "-"], {
      stdin: `{"deployment":{"resources":[{"outputs":{"deep":${deep}}}]}}`,
    });
    expect([ended.code, ended.stdout, ended.stderr]).toEqual([2, "", expect.stringContaining("nested deeper than")]);
  });
});
