import { describe, expect, test } from "@jest/globals";
import { startEmulator } from "../../testing/emulator";
import { call, storyOn } from "./support/services";
import type { Face } from "./support/stack";

describe.each<Face>(["dynamic", "plugin"])("A connection of a %s resource", (face) => {
  test(
    "that leads elsewhere refuses to call keys missing, before it sends anything, unless the move is declared",
    storyOn(face, async ({ stack, services, connections }) => {
      stack.program(`const k = new ApiKey("k", { scopes: ["read:checks"] }); exports.s = k.secret;`);
      await stack.up();
      await stack.outputs();
      const elsewhere = await startEmulator();
      try {
        stack.guard(elsewhere.services.pulsely.adminToken);
        stack.connections({ ...connections, default: { ...connections.default, url: elsewhere.services.pulsely.url } });
        const previewed = await stack.pulumi("preview");
        expect(previewed.code).not.toBe(0);
        expect(previewed.text).toContain(
          `connection "default" now leads to ${elsewhere.url}, but this object was made on ${services.url}. Nothing was sent.`,
        );
        stack.env.APIKEYS_CONNECTIONS = JSON.stringify({ default: { url: elsewhere.services.pulsely.url } });
        for (const verb of ["refresh", "destroy"]) {
          const run = await stack.pulumi(verb, "--yes", "--skip-preview");
          expect(run.code).not.toBe(0);
          expect(run.text).toContain("now leads to");
        }
        expect(await elsewhere.requests()).toEqual([]);
        delete stack.env.APIKEYS_CONNECTIONS;
        stack.connections({
          ...connections,
          default: {
            ...connections.default,
            url: services.services.pulsely.url.replace("127.0.0.1", "localhost"),
            movedFrom: [services.url],
          },
        });
        await stack.up();
        await stack.refresh();
      } finally {
        await elsewhere.close();
      }
    }),
    180_000,
  );

  test(
    "of another name replaces the key in the right order, tokens may come from anywhere, and bad configuration is told in a sentence",
    storyOn(face, async ({ stack, services, connections }) => {
      const url = services.services.pulsely.url;
      const token = services.services.pulsely.adminToken;
      stack.write("token.txt", `${token}\n`);
      stack.connections({
        ...connections,
        file: { backend: "pulsely", url, tokenFile: "token.txt" },
        command: { backend: "pulsely", url, tokenCommand: ["cat", "token.txt"] },
        encrypted: { backend: "pulsely", url },
      });
      await stack.setSecret("apikeys:tokens.encrypted", token);
      const program = (connection: string, extra = "") =>
        `const k = new ApiKey("k", { connection: "${connection}", scopes: ["read:checks"], ${extra} }); exports.s = k.secret;`;
      let old: string | undefined;
      for (const connection of ["file", "command", "encrypted", "default"]) {
        stack.program(program(connection));
        await stack.up();
        const { s } = await stack.outputs();
        expect(await call(url, "/checks", s!)).toBe(200);
        if (old) expect(await call(url, "/checks", old)).toBe(401);
        old = s;
      }
      stack.write("token.txt", "");

      const refusals: [string, RegExp][] = [
        [program("nowhere"), /connection "nowhere" is not configured \(known connections: .*default/],
        [program("default", 'scopes: ["read:cheks"]'), /has no scope "read:cheks"; did you mean "read:checks"\?/],
        [program("default", "scopes: []"), /"scopes" is an empty list.*set fullAccess: true/],
        [program("default", 'scopes: ["admin:*"]'), /"admin:\*" is a wildcard.*set fullAccess: true/],
        [
          program("default", 'scopes: "read:checks"'),
          /"scopes" is a text of 11 characters: write a list of scope names/,
        ],
        [program("default", 'expiresIn: "1 day"'), /"expiresIn" is "1 day", not a duration; .*; did you mean "1d"\?/],
        [
          program("default", 'expiresIn: "1d", expiresAt: "2030-01-01T00:00:00Z"'),
          /"expiresAt" and "expiresIn" are both given/,
        ],
        [program("default", 'expiresAt: "2020-01-01T00:00:00Z"'), /"expiresAt" is in the past/],
      ];
      // They come from code that both forms share.
      for (const [body, words] of face === "dynamic" ? refusals : []) {
        stack.program(body.replace(/scopes: \["read:checks"\], (?=scopes)/, ""));
        const run = await stack.pulumi("preview");
        expect(run.code).not.toBe(0);
        expect(run.text).toMatch(words);
      }
      stack.program(program("default"));
    }),
    240_000,
  );
});
