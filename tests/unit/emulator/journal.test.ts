import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { lockDataFile } from "../../../emulator/store/data-lock";
import { Journal } from "../../../emulator/store/journal";

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "apikeys-journal-"));
  file = join(directory, "data");
});
afterEach(() => rmSync(directory, { recursive: true }));

describe("the journal", () => {
  test("gives back what was appended, in order", () => {
    const journal = Journal.create(file, [["old"]]);
    journal.append(["é"]);
    journal.append([{ n: 1 }]);
    journal.close();
    expect(Journal.read(file)).toEqual([["old"], ["é"], [{ n: 1 }]]);
  });

  test("drops a torn last line, wherever it is torn", () => {
    const journal = Journal.create(file, [["kept"]]);
    journal.append(["torn é"]);
    journal.close();
    const whole = readFileSync(file);
    const lastLineBytes = Buffer.byteLength('["torn é"]\n');
    for (let cut = 1; cut <= lastLineBytes; cut += 1) {
      writeFileSync(file, whole.subarray(0, whole.length - cut));
      expect(Journal.read(file)).toEqual([["kept"]]);
    }
  });

  test("refuses a file that is damaged before its end", () => {
    Journal.create(file, [["a"], ["b"]]).close();
    writeFileSync(file, readFileSync(file, "utf8").replace('["a"]', '["a'));
    expect(() => Journal.read(file)).toThrow(/:2 is damaged/);
  });

  test("refuses a file of another program", () => {
    writeFileSync(file, '{"format":"other"}\n');
    expect(() => Journal.read(file)).toThrow(/not a data file of this emulator/);
  });

  test("is readable by its owner only, even where the old file was not", () => {
    writeFileSync(file, "", { mode: 0o666 });
    Journal.create(file, []).close();
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test("goes on in the same file after a rewrite", () => {
    const journal = Journal.create(file, [["a"], ["b"]]);
    journal.rewrite([["b"]]);
    journal.append(["c"]);
    journal.close();
    expect(Journal.read(file)).toEqual([["b"], ["c"]]);
  });
});

describe("the lock of a data file", () => {
  test("refuses a second holder, and names the first", () => {
    const unlock = lockDataFile(file);
    expect(() => lockDataFile(file)).toThrow(`in use by another emulator (process ${process.pid})`);
    unlock();
    lockDataFile(file)();
  });

  test.each([
    ["a process that is gone", { pid: 2 ** 30 }],
    ["an earlier process with the same id", { pid: process.pid, startedAt: "1" }],
  ])("is taken over from %s", (_who, holder) => {
    writeFileSync(`${file}.lock`, JSON.stringify(holder));
    lockDataFile(file)();
  });

  test("that cannot be read is left to a human", () => {
    writeFileSync(`${file}.lock`, "?");
    expect(() => lockDataFile(file)).toThrow(/is unreadable; remove it/);
  });
});
