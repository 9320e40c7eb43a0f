import { inspect } from "node:util";
import { describe, expect, test } from "@jest/globals";
import type { BackendClient, IssuedApiKey } from "../../../../provider/backends/definition";
import { ExposedSecretError, isUnclear } from "../../../../provider/errors";
import { guardClient } from "../support/one-step";
import { windowsIn } from "../../../support/echoes";
import { aboutSecrets, forgetSecrets, rememberCredential } from "../../../../provider/secrets/known-secrets";

const secret = "acmeKEYQ7wZx93kLmPz0vNbT4yH";
const honest: IssuedApiKey = {
  id: "key-7",
  name: "export-ab12c0ffee",
  status: "active",
  scopes: ["read:checks"],
  createdAt: "2026-06-15T12:00:00Z",
  hint: "acmeKEY…T4yH",
  secret,
};

/** A service that tells of its key what it wants. */
function telling(told: Partial<IssuedApiKey>): BackendClient {
  const key = { ...honest, ...told };
  return guardClient({
    createKey: () => Promise.resolve(key),
    getKey: () => Promise.resolve(key),
    listKeys: () => Promise.resolve([key]),
    revokeKey: () => Promise.resolve("revoked"),
    createServiceAccount: () =>
      Promise.resolve({ id: key.id, name: key.name, status: "active", scopes: key.scopes ?? [] }),
  });
}

const request = { name: "export-ab12c0ffee", scopes: ["read:checks"] };
const forms: readonly (readonly [string, string])[] = [
  ["the secret", secret],
  ["half of it", secret.slice(0, 14)],
  ["its end", `…${secret.slice(-9)}`],
  ["it in a sentence", `key:${secret}:2026`],
  ["it in base64", Buffer.from(secret).toString("base64")],
  ["it in a URL", encodeURIComponent(`?k=${secret}`)],
  ["it in large letters", secret.toUpperCase()],
];

describe("what a service tells of a new key, and would stand in the state in clear,", () => {
  test("is taken as it is where it holds no secret", async () => {
    expect(await telling({}).createKey(request)).toEqual(honest);
  });

  test.each(forms)("is left out where it holds %s: the hint, a scope, the version, any field", async (_what, form) => {
    const told = { hint: form, scopes: ["read:checks", form], secretVersion: form, description: form, createdAt: form };
    const { hint: _hint, createdAt: _at, ...rest } = honest;
    expect(await telling(told).createKey(request)).toEqual(rest);
    const read = () => telling(told).getKey({ id: "key-7", name: "x" });
    expect(JSON.stringify(await aboutSecrets([secret], read))).not.toContain(form);
  });

  test.each(forms)("keeps the name that was asked for, where its own holds %s", async (_what, form) => {
    expect((await telling({ name: form }).createKey(request)).name).toBe(request.name);
  });

  test.each(forms)("makes no key of one whose id or public half holds %s", async (_what, form) => {
    for (const told of [{ id: form }, { accessId: form }]) {
      const error: unknown = await telling(told)
        .createKey(request)
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ExposedSecretError);
      expect(isUnclear(error)).toBe(true);
      expect(inspect(error, { showHidden: true, depth: 5 })).not.toContain(form);
    }
  });

  test("is left out where it is to be a time and is none", async () => {
    const told = { ...honest, createdAt: "today, s k _ l i v e", lastUsedAt: "0".repeat(41), expiresAt: "12:34:56:78" };
    const { createdAt: _none, ...rest } = honest;
    expect(await telling(told).createKey(request)).toEqual(rest);
    const times = {
      createdAt: "2026-06-15 12:00:00.123456+00:00",
      expiresAt: "2026-06-15",
      lastUsedAt: "2026-06-15t12:00Z",
    };
    expect(await telling(times).createKey(request)).toEqual({ ...honest, ...times });
  });

  test.each<[string, Partial<IssuedApiKey>]>([
    ["the scopes", { scopes: ["read:checks", ...(secret.match(/.{1,7}/g) ?? [])] }],
    [
      "one field after another",
      { hint: secret.slice(0, 7), description: secret.slice(7, 14), secretVersion: secret.slice(14, 21) },
    ],
    ["the id and the hint", { id: secret.slice(0, 7), hint: secret.slice(7, 14) }],
  ])("is left out where %s are pieces of the secret that make a whole", async (_what, told) => {
    const issued = await telling(told).createKey(request);
    const { secret: _secret, ...clear } = issued;
    expect(windowsIn((Object.values(clear) as (string | string[])[]).flat().join(""), secret)).toEqual([]);
    expect(issued).toMatchObject({ name: request.name, status: "active", createdAt: honest.createdAt });
  });

  test.each([
    ["a terminal's commands", "\u001b[31mred\u001b]8;;https://evil.example\u0007"],
    ["a change of direction", "gpj.\u202etxt"],
    ["a line break", "one\r\ntwo"],
    ["what nobody sees", "a\u200bb\u{e0041}"],
    ["half a character", "a\ud800"],
    ["more than anybody reads", "a".repeat(20_000)],
  ])("is left out where it holds %s", async (_what, text) => {
    const told = { hint: text, scopes: ["read:checks", text], secretVersion: text };
    const { hint: _hint, ...rest } = honest;
    expect(await telling(told).createKey(request)).toEqual(rest);
    const { name, description = "" } = await telling({ name: text, description: text }).createKey(request);
    expect([/\p{Cc}/u.test(name), name.isWellFormed(), name.length < 17_000]).toEqual([false, true, true]);
    // What somebody has written there is drift, and is shown without it.
    expect(description).toMatch(/^[ -~\ufffd]+$/);
    expect(description.length).toBeLessThan(17_000);
    for (const odd of [{ id: text }, { accessId: text }]) {
      const error = (await telling(odd)
        .createKey(request)
        .catch((thrown: unknown) => thrown)) as ExposedSecretError;
      expect(error).toBeInstanceOf(ExposedSecretError);
      expect(error.message).toContain("has characters that belong in no name");
      expect(error.exposedId()).toBe(odd.id ?? honest.id);
    }
  });

  test("may be in any script", async () => {
    const told = {
      name: "エクスポート-ab12c0ffee",
      description: "Für den nächtlichen Export 👩‍👩‍👧 …",
      scopes: ["дом:читать"],
    };
    expect(await telling(told).createKey(request)).toEqual({ ...honest, ...told });
  });

  test("is compared with the admin credential as well, in keys and in accounts", async () => {
    rememberCredential("admin-of-the-service:Str0ng!Passw0rd", true);
    const echo = telling({ id: "Str0ng!Passw0rd", hint: "with Str0ng!P" });
    await expect(echo.createServiceAccount?.({ name: "bot" })).rejects.toThrow("service account whose id holds a part");
    expect((await telling({ hint: "with Str0ng!P" }).createKey(request)).hint).toBeUndefined();
    expect((await telling({ id: "admin-of-the-service" }).createKey(request)).id).toBe("admin-of-the-service");
    forgetSecrets();
  });
});
