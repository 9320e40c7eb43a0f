import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "@jest/globals";
import { SERVICE_NAMES } from "../../../emulator";

const emulator = resolve(__dirname, "../../../emulator");
const files = readdirSync(emulator, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
const importsOf = (file: string) =>
  [...readFileSync(join(emulator, file), "utf8").matchAll(/(?:from|import|require\() ?"([^"]+)"/g)].map(
    ([, target = ""]) => target,
  );
const rooms: readonly string[] = ["http", "store", "control"];
const roomOf = (file: string) => (file.includes("/") ? file.slice(0, file.indexOf("/")) : "");

test("no vendor's name stands outside its folder, but for the one line that plugs it in", () => {
  expect([...SERVICE_NAMES].sort()).toEqual(
    readdirSync(emulator, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !rooms.includes(entry.name))
      .map(({ name }) => name)
      .sort(),
  );
  const naming = files.flatMap((file) => {
    const text = readFileSync(join(emulator, file), "utf8").toLowerCase();
    return SERVICE_NAMES.filter((name) => text.includes(name) && roomOf(file) !== name).map((name) => [file, name]);
  });
  expect(naming).toEqual([...SERVICE_NAMES].map((name) => ["services.ts", name]));
});

test("a vendor knows no other vendor, the rooms below know none, and nothing leaves the emulator but for node's own modules", () => {
  const below: Readonly<Record<string, readonly string[]>> = {
    store: ["store"],
    http: ["http"],
    control: ["control", "http", "store", ""],
    ...Object.fromEntries(SERVICE_NAMES.map((name) => [name, [name, "http", "store", ""]])),
  };
  const wrong = files.flatMap((file) =>
    importsOf(file).filter((target) => {
      if (target.startsWith("node:")) return false;
      const room = roomOf(file);
      if (!target.startsWith(".") || target.startsWith(room === "" ? "../" : "../../")) return true;
      const [, folder = ""] = /^\.\.\/([\w-]+)\//.exec(target) ?? [];
      return room !== "" && !below[room]!.includes(target.startsWith("./") ? room : folder);
    }),
  );
  expect(wrong).toEqual([]);
});
