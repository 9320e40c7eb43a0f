import { describe, expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import { defineBackend } from "../../../../provider/backends/define-backend";
import { pulsely } from "../../../../provider/backends/pulsely";
import "../../../../provider/backends/novavms";
import "../../../../provider/backends/pulseapi";
import "../../../../provider/backends/zenml";
import {
  aboutSecrets,
  forgetSecrets,
  holdsSecret,
  rememberCredential,
  rememberSecrets,
  rememberSuspects,
} from "../../../../provider/secrets/known-secrets";
import { ProviderError } from "../../../../provider/errors";
import { kindOf, redact, withoutSecrets } from "../../../../provider/secrets/redact";
import { randomWords, secretLike } from "../../../../provider/secrets/secret-shapes";
import { SecretWindows } from "../../../../provider/secrets/secret-windows";
import { echoesOf, windowsIn } from "../../../support/echoes";

const key = "acmeKEYQ7wZx93kLmPz0vNbT4yH";

/** A backend of one's own whose keys look so. */
function declareBackend(name: string, shape: string): void {
  const { capabilities, connect } = pulsely;
  const secret = { ...capabilities.secret, shape };
  defineBackend({ name, capabilities: { ...capabilities, scopes: "none", secret }, connect });
}

describe("vendor text made safe to print", () => {
  test.each([
    ["sk_live_0123456789abcdef is taken", "[redacted] is taken"],
    ["key ply_test_abcdef0123", "key [redacted]"],
    ["ZENKEY_eyJpZCI6IjEyMyJ9 is not valid", "[redacted] is not valid"],
    ["token 57|abcdefghijklmnopqrstuvwxyz0123456789ABCD", "token [redacted]"],
    ["DELETE /keys/57%7Cabcdefghijklmnopqrstuvwxyz0123456789ABCD", "DELETE /keys/[redacted]"],
    ["sent Authorization: Bearer abc.def-ghi", "sent Authorization: [redacted]"],
    ["jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx.c2lnbmF0dXJl expired", "jwt [redacted] expired"],
    ["hash $2b$12$abcdefghijklmnopqrstuvwxyz0123456789", "hash [redacted]"],
  ])("%s becomes %s, although the value was never seen", (text, safe) => {
    expect(redact(text)).toBe(safe);
  });

  test("knows what the keys of a backend of one's own look like, as soon as the backend is there", () => {
    const quoted = "token default:development.7d36f00dff80 is locked";
    expect(redact(quoted)).toBe(quoted);
    declareBackend("flags", "(?<scope>[a-z*]+:[a-z]+\\.)[0-9a-f]{12,}");
    expect(redact(quoted)).toBe("token [redacted] is locked");
  });

  test("what every key of a service begins with is no part of a secret: it may be the service's own name", () => {
    declareBackend("parking-lots", "(?<prefix>parking-lots_)[0-9a-f]{40}");
    rememberSecrets("parking-lots_00112233445566778899aabbccddeeff00112233");
    expect(redact("Parking Lots gave no usable id of parking-lots")).toBe(
      "Parking Lots gave no usable id of parking-lots",
    );
    expect(redact("it is ng-lots_00112233445566")).toBe("it is [redacted]");
    expect(redact("lots_001")).toBe("[redacted]");
  });

  test.each([
    "Send a valid credential as a Bearer token.",
    "Bearer authentication is required",
    'Use Basic or Bearer realm="pulsely"',
    "A live key is already named export.",
    "The admin credential was not accepted: check that it is current and belongs to this service.",
    "no key 3f2b8c1e-9d4a-4f6b-8a2c-1e5d7f9b0c3a of the account service-account-4711",
  ])("leaves ordinary words alone: %s", (words) => {
    expect(redact(words)).toBe(words);
  });

  test("loses the given secrets, plain and as JSON or a URL would write them", () => {
    const secret = 'p"a ss/w\\ö';
    const text = `plain ${secret}, JSON ${JSON.stringify(secret)}, URL ${encodeURIComponent(secret)}, form ${new URLSearchParams({ p: secret }).toString()}`;
    expect(redact(text, [secret, ""])).toBe('plain [redacted], JSON "[redacted]", URL [redacted], form p=[redacted]');
  });

  test("loses a secret that begins as another one does", () => {
    expect(redact("the key is canary-5f21-more", ["canary-5f21", "canary-5f21-more"])).toBe("the key is [redacted]");
  });

  test("loses a short secret as a whole, and no word that it stands in by chance", () => {
    expect(redact("the password s3cr is wrong, x too; xylophone", ["s3cr", "x"])).toBe(
      "the password [redacted] is wrong, [redacted] too; xylophone",
    );
  });

  test.each(Object.entries(echoesOf(key)))("holds no eight characters of a secret that comes back %s", (_how, echo) => {
    expect(windowsIn(redact(`the key ${echo} is locked`, [key]), key)).toEqual([]);
  });

  /** What stands between the letters is left out, and the signs of a secret with it. */
  const ofLetters = /dots|numbered|of letters|titles|tags|HTML's soft/;
  const unit = fc.oneof(
    { weight: 20, arbitrary: fc.string({ minLength: 1, maxLength: 1 }) },
    fc.constantFrom("€", "中"),
  );
  test.each([
    ["of any signs", fc.string({ minLength: 8, maxLength: 60, unit }), (how: string) => !ofLetters.test(how)],
    ["of letters", fc.stringMatching(/^[A-Za-z0-9_-]{16,40}$/), () => true],
  ] as const)(
    "holds no eight characters of any secret %s, however it is written and whatever stands around it",
    (_of, secrets, isMeant) => {
      const secret = secrets.filter((text) => {
        // A secret of blanks cannot be told from none, and one of these words is in every answer.
        // The brackets of "[redacted]" stand beside what is left, and would make a piece with it.
        return (
          !/[[\]]/.test(text) &&
          text.replace(/\s/gu, "").length >= 8 &&
          windowsIn("[redacted]\\u0000\\u001b[31m", text).length === 0
        );
      });
      fc.assert(
        fc.property(secret, fc.nat(), fc.string(), fc.string(), (value, index, before, after) => {
          const echoes = Object.entries(echoesOf(value)).filter(([how]) => isMeant(how));
          const text = `${before}${echoes[index % echoes.length]?.[1] ?? ""}${after}`;
          expect(windowsIn(redact(text, [value]), value)).toEqual([]);
          expect(windowsIn(withoutSecrets(text, [value]), value)).toEqual([]);
        }),
        { numRuns: 2_000 },
      );
    },
  );

  test("is one line, with control and invisible characters spelt out, cut at 300 characters", () => {
    expect(redact("first\r\nsecond\u001b[31m red\u202e drawkcab\u0000 ")).toBe(
      "first second\\u001b[31m red\\u202e drawkcab\\u0000",
    );
    const long = redact("x ".repeat(500));
    expect(long).toHaveLength(301);
    expect(long.endsWith("…")).toBe(true);
  });

  test("is cut before anything is searched: what is long without end costs no more than a page", () => {
    for (const piece of ["eyJaaaaaaaaaa-", "%25", "\\u0041", "&amp;", "1|", "Bearer ", "\u001b[31m", "a\u0301"]) {
      const words = piece.repeat(1_000_000);
      const searched = redact(words, [key]);
      expect(searched).toBe(redact(words.slice(0, 4_097), [key]));
    }
  });

  test("survives text that no URL can hold", () => {
    expect(redact("a lone \ud800 surrogate", ["\ud800"])).toBe("a lone [redacted] surrogate");
  });
});

describe("a secret that the process knows", () => {
  test("is in no error, whoever writes it, and in none of its facts", () => {
    rememberSecrets(key);
    expect(new ProviderError(`Acme gave no "created": {"key":"${key}"}`).message).toBe(
      'Acme gave no "created": {"key":"[redacted]"}',
    );
  });

  test("keeps the password of a login out, alone and in the pair, but not the name of the user", () => {
    rememberCredential("pulumi-apikeys-admin:Str0ng!Passw0rd~Long", true);
    const words = redact(
      `user pulumi-apikeys-admin with Str0ng%21Passw0rd%7ELong (Basic ${Buffer.from("pulumi-apikeys-admin:Str0ng!Passw0rd~Long").toString("base64")}) may not`,
    );
    expect(words).toBe("user pulumi-apikeys-admin with [redacted] ([redacted]) may not");
    expect(holdsSecret("pulumi-apikeys-admin")).toBe(false);
    expect(holdsSecret("Str0ng!Pass")).toBe(true);
  });

  test("is held by a clear field that has eight characters of it, but not by what the service publishes of it", () => {
    const secrets = ["ply_live_4f8a2cQQ77rrTT99xx9e1d", "57|abcdefghijklmnopqrstuvwxyz0123456789AB99"];
    aboutSecrets(secrets, () => {
      expect(holdsSecret("ply_live_4f8a2c…9e1d")).toBe(false);
      expect(holdsSecret("456789AB")).toBe(false);
      expect(holdsSecret("89AB99")).toBe(false);
      expect(holdsSecret("ply_live_4f8a2cQQ")).toBe(true);
      expect(holdsSecret("a2cqq77r")).toBe(true);
      expect(holdsSecret("uvwxyz0123456789AB99")).toBe(true);
    });
  });

  test.each(Object.entries(echoesOf(key)))("is held by a clear field in which it comes back %s", (_how, echo) => {
    aboutSecrets([key], () => expect(holdsSecret(echo)).toBe(true));
  });

  test("is in nobody else's clear field by chance: an id of another key may share eight characters with one of a thousand", () => {
    const other = "another-key-of-this-process-0123";
    rememberSecrets(other);
    const hex = Buffer.from(other).toString("hex");
    expect(holdsSecret(`${hex.slice(6, 14)}-4e5f-4a7c-8f69-c1c8${hex.slice(30, 38)}`)).toBe(false);
    expect(holdsSecret(other.slice(4, 14))).toBe(false);
    expect(holdsSecret(other.slice(4, 16))).toBe(true);
    expect(holdsSecret(hex)).toBe(true);
  });

  test("is not forgotten for what a service says: neither for guesses, nor for keys that are longer than any", () => {
    forgetSecrets();
    rememberCredential("admin-of-the-service-8812", false);
    rememberSecrets("key-of-another-resource-4711");
    for (let count = 0; count < 40; count += 1)
      rememberSuspects(`${count}`.repeat(1_000_000), `guess-${count}`.repeat(500));
    rememberSecrets("k".repeat(16_000_000));
    rememberSuspects("a-new-key-0815", ...Array.from({ length: 31 }, (_, at) => `${at}-`.repeat(1_000_000)));
    expect(redact("made a-new-key-0815")).toBe("made [redacted]");
    expect(redact("it is key-of-another-resource-4711")).toBe("it is [redacted]");
    for (let count = 0; count < 40; count += 1) rememberSecrets(`${count} `.repeat(100_000));
    expect(redact("it is admin-of-the-service-8812")).toBe("it is [redacted]");
    forgetSecrets();
  });

  test("that is a guess is kept out of messages alone", () => {
    rememberSuspects("perhaps-a-key-8812");
    expect(redact("made perhaps-a-key-8812")).toBe("made [redacted]");
    expect(holdsSecret("perhaps-a-key-8812")).toBe(false);
  });

  test("is forgotten in favour of newer ones, so that memory has an end", () => {
    const first = "first-of-very-many-secrets";
    rememberSecrets(first);
    for (let count = 0; count < 4_000; count += 1) rememberSecrets(`secret-number-${count}-${"x".repeat(20)}`);
    expect(redact(`lost ${first}`)).toBe(`lost ${first}`);
    expect(redact(`the last is number-3999-xx`)).not.toContain("3999");
  });

  test("is taken to pieces once, however many others follow", () => {
    forgetSecrets();
    const taken = jest.spyOn(SecretWindows.prototype, "add");
    for (let count = 0; count < 4_000; count += 1) {
      rememberSecrets(`secret-number-${count}-${"x".repeat(20)}`);
      holdsSecret("the id of this key");
    }
    expect(taken).toHaveBeenCalledTimes(4_000);
    taken.mockRestore();
  });
});

describe("an answer to a create", () => {
  const request = "/api-keys\nexport-ab12c0ffee99\nread:checks\ndescription of the nightly export number 5";
  test.each([
    [{ key }, [key]],
    [{ data: { api_key: { secret_value: key } } }, [key]],
    [{ message: `the key ${key} was made, but not stored` }, [key]],
    [[{ token: "short" }], []],
    [{ id: "507f1f77bcf86cd799439011", created_at: "2026-11-25T21:00:00Z", name: "export-ab12c0ffee99" }, []],
    [{ message: "no key 3f2b8c1e-9d4a-4f6b-8a2c-1e5d7f9b0c3a; see https://docs.acme.example/errors/E4711abcdef" }, []],
    [{ description: "description of the nightly export number 5", scopes: ["read:checks"] }, []],
    [{ token_type: "bearer_token_type", key_id: "AKIA4711471147114711" }, []],
  ])("tells what in it may be a secret: %j", (answer, expected) => {
    expect(secretLike(answer, request)).toEqual(expected);
  });

  test("is not searched without end", () => {
    let deep: unknown = key;
    for (let depth = 0; depth < 100_000; depth += 1) deep = [deep];
    expect(secretLike(deep, "")).toEqual([]);
    expect(
      secretLike(
        Array.from({ length: 1_000 }, (_each, index) => ({ key: `${key}${index}` })),
        "",
      ).length,
    ).toBe(32);
  });

  test("has random words only where letters and digits stand as chance puts them", () => {
    expect(randomWords(`${key}, nightly-export-of-2026, internationalisation, 12345678901234567890`)).toEqual([key]);
  });
});

test.each([
  [undefined, "nothing"],
  [null, "null"],
  ["", "an empty text"],
  ["x", "a text of 1 character"],
  ["hunter2", "a text of 7 characters"],
  [[], "an empty list"],
  [["hunter2", "b"], "a list of 2"],
  [{ password: "hunter2" }, "an object"],
  [7, "a number"],
  [true, "a boolean"],
  [() => 1, "a function"],
])("the kind of %p is told as %s, and never its value", (value, kind) => {
  expect(kindOf(value)).toBe(kind);
});
