import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { pathOfRoute } from "../../../../provider/connections/connection-address";
import {
  type Connections,
  createConnections,
  type WritableConnection,
} from "../../../../provider/connections/connections";
import { ConfigError } from "../../../../provider/errors";
import type { Backend } from "../../../../provider/backends/definition";
import { novavms } from "../../../../provider/backends/novavms";
import { FakeService } from "../support/fake-service";

type Fields = Readonly<Record<string, unknown>>;
const sound: Fields = { backend: "novavms", url: "https://nova.example.com/api/v1", tokenEnv: "NOVA_TOKEN" };

/** The connections of a stack whose config and environment are these. */
function stack(settings: {
  readonly connections?: unknown;
  readonly tokens?: unknown;
  readonly env?: NodeJS.ProcessEnv;
}): Connections {
  const texts: Readonly<Record<string, unknown>> = {
    "apikeys:connections": settings.connections,
    "apikeys:tokens": settings.tokens,
  };
  const get = (key: string) =>
    texts[key] === undefined ? undefined : typeof texts[key] === "string" ? texts[key] : JSON.stringify(texts[key]);
  return createConnections({ get }, settings.env ?? {}, { programDir: __dirname });
}

const withFields = (fields: Fields) => stack({ connections: { default: { ...sound, ...fields } } });

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  throw new Error("nothing was refused");
}

describe("a connection", () => {
  test("is described without a credential and without the network", () => {
    expect(withFields({}).describe("default")).toEqual({
      name: "default",
      backend: "novavms",
      assumeGone: [],
      origin: "https://nova.example.com",
      capabilities: novavms.capabilities,
      catalogue: novavms.catalogue,
      movedFrom: [],
      movedFromAddresses: [],
      credential: "environment variable NOVA_TOKEN",
    });
  });

  test.each([
    [{ tokenEnv: "OTHER" }, "environment variable OTHER"],
    [{ tokenEnv: undefined, tokenFile: "/run/secrets/nova" }, "file /run/secrets/nova"],
    [{ tokenEnv: undefined }, "encrypted config"],
  ])("tells the place of its credential: %j", (fields, place) => {
    expect(withFields(fields).describe("default").credential).toBe(place);
  });

  test.each<[Fields, unknown]>([
    [{}, undefined],
    [{ url: "https://nova.example.com" }, undefined],
    [{ url: "https://nova.example.com/api/v1/" }, undefined],
    [{ url: "https://nova.example.com/staging/api/v1" }, "path /staging/api/v1"],
    [{ backend: "pulsely", url: "https://gate.example.com/pulsely-prod" }, "path /pulsely-prod"],
    [{ backend: "pulsely", url: undefined, dialect: { paths: {} } }, expect.stringMatching(/^dialect [0-9a-f]{8}$/)],
    [{ caFile: "corp.pem" }, expect.stringMatching(/^authority [0-9a-f]{8}$/)],
    [{ clientCertFile: "a.pem", clientKeyFile: "a.key" }, expect.stringMatching(/^client certificate [0-9a-f]{8}$/)],
    [
      { url: "https://nova.example.com/staging/api/v1", assumeGone: ["acc-1"] },
      expect.stringMatching(/^path \/staging\/api\/v1, assumed gone [0-9a-f]{8}$/),
    ],
  ])("tells where on its host the requests go, if not where its backend's own do: %j", (fields, route) => {
    expect(withFields(fields).describe("default").route).toEqual(route);
  });

  test.each([
    ["path /a/b", "/a/b"],
    ["path /a,b, dialect 01234567", "/a,b"],
    ["path /a, authority 01234567, assumed gone 89abcdef", "/a"],
    ["dialect 01234567", undefined],
    [undefined, undefined],
  ])("the path of %j is %j", (route, path) => {
    expect(pathOfRoute(route)).toBe(path);
  });

  test("tells commands apart by their arguments, and shows none of them", () => {
    const place = (...tokenCommand: string[]): string | undefined =>
      withFields({ tokenEnv: undefined, tokenCommand }).describe("default").credential;
    expect(place("op", "read", "hunter2")).toMatch(/^command op \([0-9a-f]{8}\)$/);
    expect(place("op", "read", "hunter2")).not.toBe(place("op", "read", "hunter3"));
  });

  test.each(["https://\u0430pi.example.com", "https://%D0%B0pi.example.com", "https://api.\u0435xample.com/v1"])(
    "refuses a host that looks like another one: %s",
    (url) => {
      const message = messageOf(() => withFields({ url }).describe("default"));
      expect(message).toContain('"url" has characters beyond ASCII in its host');
      expect(message).toContain("xn--");
      expect(message).not.toMatch(/[^\x00-\x7f]/);
    },
  );

  test("takes such a host where it is written as it is", () => {
    expect(withFields({ url: "https://xn--pi-7kc.example.com" }).describe("default").origin).toBe(
      "https://xn--pi-7kc.example.com",
    );
  });

  test("leads to the vendor's own address where it names none", () => {
    expect(stack({ connections: { default: { backend: "novavms" } } }).describe("default").origin).toBe(
      "https://novavms.novalien.com",
    );
  });

  test("knows the addresses that its service has moved from", () => {
    expect(
      withFields({ movedFrom: ["https://old.example.com/api/v1", "http://10.0.0.1:8080"] }).describe("default")
        .movedFrom,
    ).toEqual(["https://old.example.com", "http://10.0.0.1:8080"]);
  });

  test.each(["http://127.0.0.1:4010/novavms/api/v1", "http://localhost/api", "http://[::1]:4010", "http://127.1.2.3"])(
    "may be plain http on this machine: %s",
    (url) => {
      expect(withFields({ url }).describe("default").origin).toBe(new URL(url).origin);
    },
  );

  test("may be plain http elsewhere with consent", () => {
    expect(withFields({ url: "http://nova.internal", allowPlainHttp: true }).describe("default").origin).toBe(
      "http://nova.internal",
    );
  });

  test("may be a backend of one's own, exported by name or by default", () => {
    for (const file of ["./fixtures/acme.js", "./fixtures/default-export.js", "./fixtures/whole-module.js"]) {
      const connections = stack({
        connections: { default: { backend: file, url: "https://acme.example.com", tokenEnv: "ACME_TOKEN" } },
      });
      expect(connections.describe("default").backend).toBe("acme");
      expect(Object.keys(connections.openForWrite("default").client)).toContain("createKey");
    }
  });

  test("closes an open catalogue where it lists its scopes", () => {
    expect(withFields({ scopes: ["cameras:read"] }).describe("default").catalogue).toEqual({
      scopes: { "cameras:read": {} },
    });
  });

  test("is read again after a failure, once the configuration is right", () => {
    const settings: { connections: unknown } = { connections: {} };
    const connections = createConnections(
      { get: () => JSON.stringify(settings.connections) },
      {},
      { programDir: __dirname },
    );
    expect(() => connections.describe("default")).toThrow(ConfigError);
    settings.connections = { default: sound };
    expect(connections.describe("default").backend).toBe("novavms");
  });
});

describe("APIKEYS_CONNECTIONS", () => {
  test("overrides single fields of single connections, and adds connections", () => {
    const connections = stack({
      connections: { default: sound, other: { ...sound, url: "https://other.example.com" } },
      env: {
        APIKEYS_CONNECTIONS: JSON.stringify({
          default: { url: "http://127.0.0.1:4010" },
          third: { ...sound, url: "https://third.example.com" },
        }),
      },
    });
    expect(connections.describe("default").origin).toBe("http://127.0.0.1:4010");
    expect(connections.describe("other").origin).toBe("https://other.example.com");
    expect(connections.describe("third").origin).toBe("https://third.example.com");
  });

  test("puts its credential in the place of the config's, whatever kind that is", async () => {
    const env = {
      APIKEYS_CONNECTIONS: JSON.stringify({ default: { tokenEnv: "CI_TOKEN" } }),
      CI_TOKEN: "from-ci",
    };
    const bare: Fields = { backend: "novavms", url: "https://nova.example.com/api/v1" };
    for (const fields of [
      { ...bare, tokenEnv: "NOVA_TOKEN" },
      { ...bare, tokenFile: "/run/secrets/nova" },
      { ...bare, tokenCommand: ["op", "read", "x"] },
    ])
      expect(stack({ connections: { default: fields }, env }).open("default").name).toBe("default");
    const connections = { default: bare };
    const tokens = { default: "canary-5f21" };
    expect(stack({ connections, tokens, env }).open("default").name).toBe("default");
    const two = JSON.stringify({ default: { tokenEnv: "CI_TOKEN", tokenFile: "/run/ci" } });
    expect(messageOf(() => stack({ connections, env: { APIKEYS_CONNECTIONS: two } }).open("default"))).toContain(
      "more than one credential is configured",
    );
    const elsewhere = JSON.stringify({ default: { url: "http://127.0.0.1:4010" } });
    expect(stack({ connections, tokens, env: { APIKEYS_CONNECTIONS: elsewhere } }).open("default").name).toBe(
      "default",
    );
  });

  test("that is blank counts as none", () => {
    expect(
      stack({ connections: { default: sound }, env: { APIKEYS_CONNECTIONS: " " } }).describe("default").backend,
    ).toBe("novavms");
  });

  test.each([
    ["{", "the environment variable APIKEYS_CONNECTIONS is not valid JSON; write an object of connections by name."],
    ["[]", "the environment variable APIKEYS_CONNECTIONS is an empty list; write an object."],
    ['{"default":"novavms"}', "APIKEYS_CONNECTIONS.default is a text of 7 characters; write an object."],
    ['{"default":null}', "APIKEYS_CONNECTIONS.default is null; write an object."],
  ])("that is %s is refused", (text, message) => {
    expect(
      messageOf(() =>
        stack({ connections: { default: sound }, env: { APIKEYS_CONNECTIONS: text } }).describe("default"),
      ),
    ).toBe(message);
  });
});

describe("a connection that is not right is refused in the preview, with the field and what to do", () => {
  test("where no connection is configured at all", () => {
    expect(messageOf(() => stack({}).describe("default"))).toBe(
      'connection "default" is not configured (no connection is configured). Add it under apikeys:connections in the stack\'s config, or to the environment variable APIKEYS_CONNECTIONS.',
    );
  });

  test("where its name is not among those configured", () => {
    expect(messageOf(() => stack({ connections: { nova: sound, acme: sound } }).describe("novva"))).toContain(
      'connection "novva" is not configured; did you mean "nova"? (known connections: acme, nova)',
    );
  });

  test.each([
    ["not json", "the config apikeys:connections is not valid JSON; write an object of connections by name."],
    [["novavms"], "the config apikeys:connections is a list of 1; write an object."],
    [{ default: 5 }, "apikeys:connections.default is a number; write an object."],
  ])("where the config is %j", (connections, message) => {
    expect(messageOf(() => stack({ connections }).describe("default"))).toBe(message);
  });

  const table: readonly (readonly [Fields, string])[] = [
    [
      { backend: undefined },
      'the field "backend" is nothing; name a built-in backend, an installed package, or a path relative to the program (config apikeys:connections.default.backend, or APIKEYS_CONNECTIONS).',
    ],
    [
      { backend: undefined },
      "A stack's apikeys:connections replaces the project's as a whole: repeat there what the project has, or change single fields with APIKEYS_CONNECTIONS.",
    ],
    [
      { token: "hunter2-of-the-admin" },
      '"token" holds a text, and a credential does not belong in the config, which keeps connections in clear. Take it out, say where it is with tokenEnv, tokenFile or tokenCommand, or keep it encrypted (pulumi config set --secret --path apikeys:tokens.default).',
    ],
    [{ backend: 5 }, 'the field "backend" is a number; name a built-in backend'],
    [{ backend: "" }, 'the field "backend" is an empty text; name a backend'],
    [{ backend: "novavm" }, 'there is no backend "novavm". Did you mean "novavms"? Use a built-in one ('],
    [{ backend: "toString" }, 'there is no backend "toString".'],
    [
      { backend: "./absent.js" },
      `there is no file ${join(__dirname, "absent.js")}: the path of a backend counts from the folder of Pulumi.yaml.`,
    ],
    [
      { url: 5 },
      'the field "url" is a number; write text (config apikeys:connections.default.url, or APIKEYS_CONNECTIONS).',
    ],
    [{ url: "" }, 'the field "url" is an empty text; write text'],
    [
      { url: "nova.example.com" },
      '"url" is not an http or https address; write all of it, such as https://api.example.com/v1 (config apikeys:connections.default.url).',
    ],
    [{ url: "ftp://nova.example.com" }, '"url" is not an http or https address'],
    [
      { url: "http://nova.example.com" },
      '"url" is plain http beyond this machine, so the admin token would travel unencrypted; use https, or set allowPlainHttp: true.',
    ],
    [{ url: "http://127.0.0.1.evil.example" }, '"url" is plain http beyond this machine'],
    [
      { url: "https://admin:hunter2@nova.example.com" },
      '"url" contains a user name or password; take it out and use tokenEnv, tokenFile or tokenCommand.',
    ],
    [
      { url: "https://nova.example.com/api?key=hunter2" },
      '"url" contains a query or fragment; give the base address of the API only.',
    ],
    [{ url: "https://nova.example.com/api#hunter2" }, '"url" contains a query or fragment'],
    [
      { movedFrom: "https://old.example.com" },
      'the field "movedFrom" is a text of 23 characters; write a list of addresses',
    ],
    [{ movedFrom: ["old.example.com"] }, '"movedFrom" is not an http or https address'],
    [
      { tokenCommand: "op read x" },
      'the field "tokenCommand" is a text of 9 characters; write the program and its arguments as a list of texts',
    ],
    [{ tokenCommand: [] }, 'the field "tokenCommand" is an empty list; write the program'],
    [{ tokenCommand: ["op", 5] }, 'the field "tokenCommand.1" is a number; write the program'],
    [{ tokenEnv: "" }, 'the field "tokenEnv" is an empty text; write text'],
    [
      { allowUndocumentedEndpoints: "yes" },
      'the field "allowUndocumentedEndpoints" is a text of 3 characters; write true or false',
    ],
    [
      { alowUndocumentedEndpoints: true },
      'connection "default": unknown field "alowUndocumentedEndpoints". Did you mean "allowUndocumentedEndpoints"?',
    ],
    [
      { scopes: [] },
      'backend "novavms" cannot read the connection field "scopes": list the scope names that may be used.',
    ],
    [{ roles: "viewer" }, 'cannot read the connection field "roles": list the role names that may be used.'],
    [
      { extraScopes: ["x"] },
      'the field "extraScopes" is a list of 1; write scopes by name (ASCII, single blanks inside',
    ],
    [
      { extraScopes: { "a:b": "read" } },
      'the field "extraScopes.a:b" is a text of 4 characters; write what the scope can do',
    ],
    [{ extraScopes: { "a:b": { level: "reed" } } }, 'the field "extraScopes.a:b.level" is a text of 4 characters'],
    [{ extraScopes: { "a:b": { implies: "c" } } }, 'the field "extraScopes.a:b.implies" is a text of 1 character'],
    [{ extraScopes: { "a  b": {} } }, "write scopes by name (ASCII, single blanks inside, at most 200 characters)"],
    [
      { scopes: ["cameras:read"], extraScopes: { "a:b": { implies: ["camera:read"] } } },
      '"extraScopes" says that "a:b" implies "camera:read", which is not a scope of novavms; did you mean "cameras:read"? (config apikeys:connections.default.extraScopes).',
    ],
    [
      { backend: "zenml", extraScopes: { "a:b": {} } },
      'zenml has no scopes; leave "extraScopes" out (config apikeys:connections.default.extraScopes).',
    ],
    [{ dialect: { paths: { keyz: "/x" } } }, 'backend "novavms" cannot read the connection field "dialect.paths.keyz"'],
    [
      { dialect: { paths: { keys: "no-slash" } } },
      'backend "novavms" cannot read the connection field "dialect.paths.keys"',
    ],
  ];
  test.each(table)("where it has %j", (fields, words) => {
    const message = messageOf(() => withFields(fields).describe("default"));
    expect(message).toContain('connection "default": ');
    expect(message).toContain(words);
    expect(message).not.toContain("hunter2");
  });

  test("where a field is unknown and the backend has none of its own", () => {
    const fields = { backend: "./fixtures/acme.js", url: "https://acme.example.com", tokenEvn: "ACME_TOKEN" };
    expect(messageOf(() => stack({ connections: { default: fields } }).describe("default"))).toMatch(
      /unknown field "tokenEvn"\. Did you mean "tokenEnv"\? Known fields: backend, url, /,
    );
  });

  test("where a backend without an address of its own is given none", () => {
    expect(
      messageOf(() => stack({ connections: { default: { backend: "./fixtures/acme.js" } } }).describe("default")),
    ).toBe(
      'connection "default": "url" is missing; the backend "acme" has no address of its own (config apikeys:connections.default.url).',
    );
  });
});

describe("a backend of one's own bears a name of its own", () => {
  const names: [name: string, expression: string, refusal: string][] = [
    ["a built-in one", '"pulsely"', 'which is a built-in backend; give it a name of its own, such as "my-pulsely"'],
    ["a built-in one in capitals", '"PULSELY"', "which is a built-in backend"],
    ["one that looks like a built-in one", '"puls\u0435ly"', "has characters other than ASCII"],
    ["one with a blank", '"pulsely "', "has characters other than ASCII"],
  ];
  test.each(names)("and not %s", (_what, expression, refusal) => {
    expect(messageOf(() => own(`{ ...sound, name: ${expression} }`))).toContain(refusal);
  });

  test("also where the name is another one at every question", () => {
    const flips = `{ ...sound, get name() { return ["acme", "acme", "acme", "pulsely"][(this.asked = (this.asked ?? -1) + 1)] ?? "pulsely"; } }`;
    let name: string;
    try {
      name = own(flips);
    } catch (error) {
      name = (error as Error).message;
    }
    expect(name).toMatch(/^acme$|which is a built-in backend/);
    expect(own('{ ...sound, name: "acme" }')).toBe("acme");
  });

  /** The name of the backend in a file that exports what the expression says. */
  function own(expression: string): string {
    const dir = mkdtempSync(join(tmpdir(), "apikeys-backend-"));
    const file = join(dir, "backend.cjs");
    const acme = JSON.stringify(join(__dirname, "fixtures/acme.js"));
    writeFileSync(file, `const { sound } = require(${acme}); module.exports = { backend: ${expression} };`);
    const fields = { backend: file, url: "https://acme.example.com", tokenEnv: "T" };
    try {
      return stack({ connections: { default: fields } }).describe("default").backend;
    } finally {
      rmSync(dir, { recursive: true });
    }
  }
});

describe("a backend file that is broken names the file and the field", () => {
  const open = (file: string) => () =>
    stack({
      connections: { default: { backend: file, url: "https://acme.example.com", tokenEnv: "ACME_TOKEN" } },
    }).open("default");

  test.each([
    [
      "./fixtures/missing-method.js",
      'Backend "acme": the method "revokeKey" is missing; "connect" must return it, because the capabilities promise it.',
    ],
    ["./fixtures/no-methods.js", 'Backend "acme": "connect" returned nothing; return an object with the methods.'],
    [
      "./fixtures/wrong-capability.js",
      'the backend file ./fixtures/wrong-capability.js is not usable. Backend "acme": "capabilities.expiry.support" is wrong: Invalid option: expected one of "optional"|"required"|"imposed"|"none".',
    ],
    [
      "./fixtures/unchecked.js",
      'the backend file ./fixtures/unchecked.js is not usable. Backend "acme": "capabilities" is wrong: Unrecognized key: "scops".',
    ],
    [
      "./fixtures/throws.js",
      "the backend file ./fixtures/throws.js cannot be loaded (Error: cannot log in with [redacted]).",
    ],
    [
      "./fixtures/two-backends.js",
      "the backend file ./fixtures/two-backends.js is not usable. It exports 2 backends; export exactly one, made with defineBackend (from pulumi-apikeys/backend).",
    ],
    [
      "./fixtures/no-backend.js",
      "the backend file ./fixtures/no-backend.js is not usable. It exports no backend; export exactly one",
    ],
  ])("%s", (file, words) => {
    const message = messageOf(open(file));
    expect(message).toContain(words);
    expect(message).not.toContain("sk_live_");
  });

  test("and one that is no JavaScript", () => {
    const dir = mkdtempSync(join(tmpdir(), "apikeys-backend-"));
    const file = join(dir, "syntax-error.js");
    writeFileSync(file, "exports.acme = {{;");
    try {
      expect(messageOf(open(file))).toContain(`the backend file ${file} cannot be loaded (SyntaxError: `);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

describe("a connection's credential", () => {
  const consented = { ...sound, allowUndocumentedEndpoints: true };
  const open = (fields: Fields, tokens?: unknown) =>
    stack({ connections: { default: { ...consented, tokenEnv: undefined, ...fields } }, tokens }).open("default");

  test("is not read, and need not exist, until a request needs it", () => {
    expect(open({ tokenEnv: "NO_SUCH_VARIABLE" }).name).toBe("default");
  });

  test("comes from exactly one place", () => {
    expect(messageOf(() => open({}))).toBe(
      'connection "default": no credential is configured. Give exactly one of tokenEnv, tokenFile, tokenCommand (config apikeys:connections.default, or the environment variable APIKEYS_CONNECTIONS), or the encrypted config apikeys:tokens.default.',
    );
    expect(messageOf(() => open({ tokenEnv: "A", tokenFile: "/b" }))).toContain(
      "more than one credential is configured. Give exactly one of",
    );
    expect(messageOf(() => open({ tokenEnv: "A" }, { default: "canary-5f21" }))).toContain(
      "more than one credential is configured",
    );
    expect(open({}, { default: "canary-5f21" }).name).toBe("default");
  });

  test.each([
    [
      { default: 5 },
      'the config apikeys:tokens has a number for the connection "default"; give the token as text (pulumi config set --secret --path apikeys:tokens.default).',
    ],
    ["canary-5f21", "the config apikeys:tokens is not valid JSON"],
    [["canary-5f21"], "the config apikeys:tokens is a list of 1; write an object."],
  ])("in the config has to be a text by the connection's name: %j", (tokens, words) => {
    const message = messageOf(() => open({}, tokens));
    expect(message).toContain(words);
    expect(message).not.toContain("canary");
  });
});

describe("a credential that is asked for again", () => {
  /** What a backend gets to read the credential with. */
  function tokenOf(fields: Fields, env: NodeJS.ProcessEnv = {}): () => Promise<string> {
    let token: (() => Promise<string>) | undefined;
    const backend = new FakeService().backend();
    const watching: Backend = { ...backend, connect: (context) => ((token = context.token), backend.connect(context)) };
    const settings = { default: { backend: "fake", url: "https://fake.example.com", ...fields } };
    createConnections({ get: (key) => (key === "apikeys:connections" ? JSON.stringify(settings) : undefined) }, env, {
      load: () => watching,
    }).open("default");
    if (!token) throw new Error("the backend was not connected");
    return token;
  }
  const counting = (dir: string, after: string) => [
    process.execPath,
    "-e",
    `require("node:fs").appendFileSync(${JSON.stringify(join(dir, "runs"))}, "x"); ${after}`,
  ];

  test("is read anew from the environment", async () => {
    const env: NodeJS.ProcessEnv = { TOKEN: "first" };
    const token = tokenOf({ tokenEnv: "TOKEN" }, env);
    expect(await token()).toBe("first");
    env.TOKEN = "second";
    expect(await token()).toBe("second");
  });

  test("runs its command once for calls that follow closely, and again after a failure", async () => {
    const dir = mkdtempSync(join(tmpdir(), "apikeys-command-"));
    try {
      const token = tokenOf({ tokenCommand: counting(dir, "process.stdout.write('canary')") });
      expect(await Promise.all([token(), token(), token()])).toEqual(["canary", "canary", "canary"]);
      expect(readFileSync(join(dir, "runs"), "utf8")).toBe("x");
      const failing = tokenOf({ tokenCommand: counting(dir, "process.exitCode = 1") });
      await expect(failing()).rejects.toThrow(ConfigError);
      await expect(failing()).rejects.toThrow(ConfigError);
      expect(readFileSync(join(dir, "runs"), "utf8")).toBe("xxx");
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

describe("the times of a connection", () => {
  test.each([
    [
      { timeout: "10" },
      'connection "default": "timeout" is "10", not a duration; write a whole number and a unit: 30s, 15m, 24h, 7d or 12w (config apikeys:connections.default.timeout).',
    ],
    [{ retryBudget: "soon" }, 'connection "default": "retryBudget" is "soon", not a duration;'],
    [
      { timeout: "0s" },
      'connection "default": "timeout" is zero; give each attempt some time, such as 10s (config apikeys:connections.default.timeout).',
    ],
    [{ timeout: "2d" }, 'connection "default": "timeout" is longer than a day'],
    [{ retryBudget: "60d" }, 'connection "default": "retryBudget" is longer than a day'],
  ])("are durations that can be waited for: %j; the preview says so", (fields, words) => {
    expect(messageOf(() => withFields(fields).open("default"))).toContain(words);
    expect(messageOf(() => withFields(fields).describe("default"))).toContain(words);
  });

  test("may be none at all for the retries", () => {
    expect(withFields({ retryBudget: "0s" }).describe("default").name).toBe("default");
  });
});

describe("a connection that may not write", () => {
  test("says so before the first request, where the vendor documents no such call and nobody has consented", () => {
    expect(messageOf(() => withFields({}).openForWrite("default"))).toBe(
      'connection "default": NovaVMS documents no call that creates or revokes a service account or a key; those used here are a proposal. Nothing was sent. Set allowUndocumentedEndpoints: true in the connection if your installation offers them.',
    );
    expect(() => withFields({ allowUndocumentedEndpoints: true }).openForWrite("default")).not.toThrow();
  });

  const consented = { ...sound, allowUndocumentedEndpoints: true };
  const under = (env: NodeJS.ProcessEnv, fields: Fields = {}) =>
    stack({ connections: { default: { ...consented, ...fields } }, env }).openForWrite("default");

  test("says so while APIKEYS_NOW sets the clock and the service is real", () => {
    expect(messageOf(() => under({ APIKEYS_NOW: "2027-02-01T00:00:00Z" }))).toBe(
      'connection "default": APIKEYS_NOW is set, so the clock is not the real one, and https://nova.example.com is not on this machine. Nothing was sent. Unset APIKEYS_NOW, or set APIKEYS_NOW_WRITES=1 if you mean it.',
    );
  });

  test("may write under APIKEYS_NOW on this machine, or with consent", () => {
    expect(() => under({ APIKEYS_NOW: "2027-02-01T00:00:00Z" }, { url: "http://127.0.0.1:4010" })).not.toThrow();
    expect(() => under({ APIKEYS_NOW: "2027-02-01T00:00:00Z", APIKEYS_NOW_WRITES: "1" })).not.toThrow();
    expect(() => under({ APIKEYS_NOW: "" })).not.toThrow();
  });
});

test("a connection adds scopes that its service has and the catalogue lacks, and the roles of its installation", () => {
  const { catalogue, capabilities } = withFields({
    scopes: ["cameras:read"],
    extraScopes: { "reports:read:cam-7": { level: "read" }, "cameras:read": { level: "admin" }, "Audit Read": {} },
    roles: ["viewer", "installer"],
  }).describe("default");
  expect(catalogue).toEqual({
    scopes: { "cameras:read": {} },
    extra: { "reports:read:cam-7": { level: "read" }, "Audit Read": {} },
  });
  expect(capabilities.serviceAccounts?.roles).toEqual(["viewer", "installer"]);
});

describe("a connection of an odd name", () => {
  test.each(["constructor", "toString", "__proto__", "hasOwnProperty"])("is one like any other: %s", (name) => {
    const connections = JSON.stringify({ other: sound }).replace("other", name);
    expect(stack({ connections, tokens: {} }).open(name).name).toBe(name);
    expect(messageOf(() => stack({ connections: { other: sound } }).describe(name))).toContain("is not configured");
  });
});

test.each([
  ["https://h.example/v1?", "query or fragment"],
  ["https://h.example/v1#", "query or fragment"],
  ["https://h.example/a/../v1", "dot segments"],
  ["https://h.example/a/%2e%2E/v1", "dot segments"],
  ["https://h.example/a//v1", "dot segments"],
])("an address that leads elsewhere than it says is refused: %s", (url, words) => {
  expect(messageOf(() => withFields({ url }).describe("default"))).toContain(words);
});

describe("a connection for reading", () => {
  const { client } = withFields({}).open("default");

  test("has the methods that look, and none that changes anything, whatever may be written", () => {
    expect(Object.keys(client).sort()).toEqual([
      ...["getKey", "getServiceAccount", "listKeys", "listServiceAccounts", "probe"],
    ]);
    // @ts-expect-error the compiler refuses a create through it,
    expect(client.createKey).toBeUndefined();
    // @ts-expect-error and a revocation,
    expect(client.revokeKey).toBeUndefined();
    // @ts-expect-error and to take it for one that may write
    const writable: WritableConnection = withFields({}).open("default");
    expect(writable.name).toBe("default");
  });
});

test("a backend whose client is an instance of a class has all its methods", async () => {
  const { client } = withFields({ backend: "./fixtures/class-client.js" }).openForWrite("default");
  expect(await client.getKey({ id: "1", name: "export" })).toEqual({ id: "1", name: "export", status: "active" });
  expect(await client.revokeKey({ id: "1", name: "export" })).toBe("absent");
});
