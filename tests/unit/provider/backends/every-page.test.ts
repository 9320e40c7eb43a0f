import { describe, expect, test } from "@jest/globals";
import type { BackendClient } from "../../../../provider/backends/definition";
import { everyPage } from "../../../../provider/backends/every-page";
import { novavms } from "../../../../provider/backends/novavms";
import { pulseapi } from "../../../../provider/backends/pulseapi";
import { pulsely } from "../../../../provider/backends/pulsely";
import type { Backend } from "../../../../provider/backends/definition";
import { ResponseShapeError } from "../../../../provider/errors";

/** A backend whose service answers every request with this. */
function answering(backend: Backend, body: unknown): { readonly client: BackendClient; readonly asked: () => number } {
  let asked = 0;
  const request = () => {
    asked += 1;
    return Promise.resolve({ status: 200, headers: {}, body, absent: false });
  };
  const token = () => Promise.resolve("none");
  const client = backend.connect({ http: { request }, options: backend.options?.({}), token, url: "" });
  return { client, asked: () => asked };
}

describe("a list in pages", () => {
  test("is all of them, in their order", async () => {
    const pages: Readonly<Record<string, { items: number[]; next: string | undefined }>> = {
      first: { items: [1, 2], next: "b" },
      b: { items: [], next: "c" },
      c: { items: [3], next: undefined },
    };
    expect(await everyPage("/keys", (cursor = "first") => Promise.resolve(pages[cursor]!))).toEqual([1, 2, 3]);
  });

  test.each([
    ["pulsely", pulsely, { data: [], has_more: true, next_cursor: "again" }],
    ["pulseapi", pulseapi, { data: [], meta: { current_page: 1, last_page: 2 } }],
  ])("that leads round in circles is an error: %s", async (_name, backend, body) => {
    const { client, asked } = answering(backend, body);
    const error: unknown = await client.listKeys({}).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ResponseShapeError);
    expect((error as Error).message).toContain("never comes to its last page");
    expect(asked()).toBe(2);
  });

  test("of accounts that leads round in circles is an error", async () => {
    const { client } = answering(novavms, { data: [], next_cursor: "again" });
    await expect(client.listServiceAccounts?.({})).rejects.toBeInstanceOf(ResponseShapeError);
  });

  test("that has more, and does not say where, is no whole list: keys would look gone", async () => {
    const { client } = answering(pulsely, { data: [], has_more: true, next_cursor: null });
    await expect(client.listKeys({})).rejects.toThrow('the field "next_cursor" is null');
  });
});
