import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type CredentialSource, describeSource, readCredential } from "../../../../provider/connections/credentials";
import { ConfigError } from "../../../../provider/errors";

let dir: string;
beforeAll(() => void (dir = mkdtempSync(join(tmpdir(), "apikeys-credentials-"))));
afterAll(() => rmSync(dir, { recursive: true }));

function fileWith(content: string): CredentialSource {
  const path = join(dir, "token");
  writeFileSync(path, content);
  return { kind: "file", path };
}

/** A command that prints, and ends with a code. */
function printing(content: string, code = 0): CredentialSource {
  return {
    kind: "command",
    command: [process.execPath, "-e", `process.stdout.write(${JSON.stringify(content)}); process.exitCode = ${code}`],
  };
}

const env = (value: string | undefined): [CredentialSource, NodeJS.ProcessEnv] => [
  { kind: "env", variable: "ACME_TOKEN" },
  value === undefined ? {} : { ACME_TOKEN: value },
];

async function messageOf(source: CredentialSource, environment: NodeJS.ProcessEnv = {}): Promise<string> {
  const error: unknown = await readCredential("acme", source, environment).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigError);
  return (error as ConfigError).message;
}

describe("the admin token is read", () => {
  test("from an environment variable", async () => {
    expect(await readCredential("acme", ...env("canary-5f21"))).toBe("canary-5f21");
  });

  test.each(["canary-5f21", "canary-5f21\n", "canary-5f21\r\n"])(
    "from a file, without the one newline at its end: %j",
    async (content) => {
      expect(await readCredential("acme", fileWith(content))).toBe("canary-5f21");
    },
  );

  test("from a command's output, without the newline at its end", async () => {
    expect(await readCredential("acme", printing("canary-5f21\n"))).toBe("canary-5f21");
  });

  test("from the encrypted config", async () => {
    expect(await readCredential("acme", { kind: "config", token: "canary-5f21" })).toBe("canary-5f21");
  });

  test("anew at every call, so that it can be rotated while an update runs", async () => {
    const source = fileWith("first");
    expect(await readCredential("acme", source)).toBe("first");
    fileWith("second");
    expect(await readCredential("acme", source)).toBe("second");
  });

  test("with the spaces and signs that belong to it", async () => {
    expect(await readCredential("acme", ...env('admin:pa ss~!"\\'))).toBe('admin:pa ss~!"\\');
  });
});

describe("a token that is not there", () => {
  test("names the variable and the setting that names it", async () => {
    expect(await messageOf(...env(undefined))).toBe(
      'connection "acme": the environment variable ACME_TOKEN is not set (config apikeys:connections.acme.tokenEnv names it); set it to the service\'s admin token.',
    );
  });

  test("names the file, the setting and the system's reason", async () => {
    const path = join(dir, "absent");
    expect(await messageOf({ kind: "file", path })).toBe(
      `connection "acme": the file ${path} (config apikeys:connections.acme.tokenFile) cannot be read (ENOENT); check the path, and who may read it.`,
    );
    expect(await messageOf({ kind: "file", path: dir })).toContain("cannot be read (EISDIR)");
  });

  test("names the command, and shows neither its arguments nor its output", async () => {
    const source = printing("canary-5f21", 3);
    const message = await messageOf(source);
    expect(message).toBe(
      `connection "acme": the command "${process.execPath}" (config apikeys:connections.acme.tokenCommand) failed (exit code 3); run it by hand to see why.`,
    );
    expect(await messageOf({ kind: "command", command: ["/no/such/program", "canary-5f21"] })).toBe(
      'connection "acme": the command "/no/such/program" (config apikeys:connections.acme.tokenCommand) failed (ENOENT); install it, or write its whole path.',
    );
  });

  test("does not wait for a command that ignores its end, and names why it was stopped", async () => {
    const stubborn = `process.on("SIGTERM", () => undefined); setTimeout(() => undefined, 20_000);`;
    const source = { kind: "command", command: [process.execPath, "-e", stubborn] } as const;
    await expect(readCredential("acme", source, {}, 400)).rejects.toThrow("failed (stopped after 0.4 s)");
    const endless = `process.stdout.write("x".repeat(2 * 1024 * 1024));`;
    expect(await messageOf({ kind: "command", command: [process.execPath, "-e", endless] })).toContain(
      "failed (ERR_CHILD_PROCESS_STDIO_MAXBUFFER)",
    );
    const ended = `process.kill(process.pid, "SIGKILL");`;
    expect(await messageOf({ kind: "command", command: [process.execPath, "-e", ended] })).toContain(
      "failed (ended by SIGKILL)",
    );
  });

  test("names a program that may not be run", async () => {
    const program = join(dir, "program");
    writeFileSync(program, "");
    chmodSync(program, 0o644);
    expect(await messageOf({ kind: "command", command: [program] })).toContain("failed (EACCES)");
  });
});

describe("a token that cannot be one is refused without being shown", () => {
  const places: Readonly<Record<string, (content: string) => [CredentialSource, NodeJS.ProcessEnv?]>> = {
    "the environment variable ACME_TOKEN": (content) => env(content),
    "the file": (content) => [fileWith(content)],
    "the output of the command": (content) => [printing(content)],
    'the config apikeys:tokens (entry "acme")': (content) => [{ kind: "config", token: content }],
  };
  const table: [string, string][] = [
    ["", "is empty"],
    ["canary\n\n", "contains a line break"],
    ["canary\nsecond", "contains a line break"],
    ["canary\tsecond", "contains a control character"],
    ["canary\u0007", "contains a control character"],
    ["canáry", "contains a non-ASCII character"],
    ["“canary”", "contains a non-ASCII character"],
    ["canary\u200b", "contains a non-ASCII character"],
  ];
  for (const [place, source] of Object.entries(places)) {
    test.each(table)(`by ${place}: %j %s`, async (content, problem) => {
      const message = await messageOf(...source(content));
      expect(message).toContain(place);
      expect(message).toContain(problem);
      expect(message).not.toContain("can");
    });
  }

  test("because a line break at a variable's end is part of it", async () => {
    expect(await messageOf(...env("canary\n"))).toContain("contains a line break; store the bare token, nothing else.");
  });
});

test("every source is told in words that hold no value", () => {
  const sources: CredentialSource[] = [
    { kind: "env", variable: "ACME_TOKEN" },
    { kind: "file", path: "/run/secrets/acme" },
    { kind: "command", command: ["op", "read", "op://infra/acme/token"] },
    { kind: "config", token: "canary" },
  ];
  expect(sources.map((source) => describeSource("acme", source))).toEqual([
    "the environment variable ACME_TOKEN",
    "the file /run/secrets/acme",
    'the output of the command "op"',
    'the config apikeys:tokens (entry "acme")',
  ]);
});

describe("a token file that is none", () => {
  test("is refused at once: a pipe, a device, a directory", async () => {
    const pipe = join(dir, "pipe");
    execFileSync("mkfifo", [pipe]);
    expect(await messageOf({ kind: "file", path: pipe })).toContain("it is a pipe or a device, not a file");
    expect(await messageOf({ kind: "file", path: "/dev/zero" })).toContain("it is a pipe or a device, not a file");
    expect(await messageOf({ kind: "file", path: dir })).toContain("EISDIR");
  });

  test("is read no further than a token is long", async () => {
    expect(await messageOf(fileWith("x".repeat(20_000)))).toContain("more than 16 KiB");
  });

  test.each([" ", "canary-5f21 ", " canary-5f21"])("is refused with blanks around it: %j", async (content) => {
    expect(await messageOf(fileWith(content))).toContain("a blank at its beginning or end");
  });
});
