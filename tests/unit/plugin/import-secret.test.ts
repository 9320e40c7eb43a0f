import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { importSecret } from "../../../plugin/import-secret";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "import-secret-"))));
afterAll(() => rmSync(folder, { recursive: true }));

describe("The secret of an imported key", () => {
  test("comes from a variable, or from a file without its line end", () => {
    const file = join(folder, "secret");
    writeFileSync(file, "sk_1\r\n");
    expect(importSecret({ APIKEYS_IMPORT_SECRET: "sk_2" })).toBe("sk_2");
    expect(importSecret({ APIKEYS_IMPORT_SECRET_FILE: file })).toBe("sk_1");
    expect(importSecret({})).toBeUndefined();
  });

  test("is asked for once: two places, or a file that is not there, are refused", () => {
    expect(() => importSecret({ APIKEYS_IMPORT_SECRET: "a", APIKEYS_IMPORT_SECRET_FILE: "b" })).toThrow(/both set/);
    expect(() => importSecret({ APIKEYS_IMPORT_SECRET_FILE: join(folder, "none") })).toThrow(
      /cannot be read \(ENOENT\)/,
    );
  });
});
