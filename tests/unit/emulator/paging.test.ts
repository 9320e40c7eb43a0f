import { describe, expect, test } from "@jest/globals";
import { BoundedLog } from "../../../emulator/http/bounded-log";
import { laravelPage } from "../../../emulator/pulseapi/laravel-page";
import { OrderedList } from "../../../emulator/store/ordered-list";
import { cursorPage } from "../../../emulator/http/paging";

const listOf = (...sequences: number[]) => {
  const list = new OrderedList<{ sequence: number }>();
  for (const sequence of sequences) list.put({ sequence });
  return list;
};
const pageOf = (list: OrderedList<{ sequence: number }>, query: string) => {
  const page = cursorPage(list, new URLSearchParams(query), { defaultLimit: 2 });
  return { sequences: page.items.map(({ sequence }) => sequence), nextCursor: page.nextCursor };
};

describe("cursor pages", () => {
  test("show every item once, also where the list changes between them", () => {
    const list = listOf(1, 2, 3, 5);
    const first = pageOf(list, "");
    expect(first.sequences).toEqual([1, 2]);
    list.remove(2);
    list.put({ sequence: 8 });
    const second = pageOf(list, `cursor=${first.nextCursor}`);
    expect(second.sequences).toEqual([3, 5]);
    const third = pageOf(list, `cursor=${second.nextCursor}`);
    expect(third).toEqual({ sequences: [8], nextCursor: null });
  });

  test("end without a cursor where the last page is full", () =>
    expect(pageOf(listOf(1, 2), "")).toEqual({ sequences: [1, 2], nextCursor: null }));

  test.each(["limit=0", "limit=101", "limit=x", "cursor=x", "cursor=YWZ0ZXI6"])("refuse %s", (query) =>
    expect(() => pageOf(listOf(1), query)).toThrow(/^(limit|cursor) /),
  );
});

test("an ordered list replaces, inserts and removes by sequence", () => {
  const list = listOf(5, 1, 3);
  list.put({ sequence: 3 });
  list.remove(4);
  expect([...list.after(0)].map(({ sequence }) => sequence)).toEqual([1, 3, 5]);
  list.remove(1);
  expect([...list.after(3)].map(({ sequence }) => sequence)).toEqual([5]);
  expect(list.size).toBe(2);
});

test("a Laravel page links its neighbours and counts", () => {
  expect(laravelPage(["c", "d"], { page: 2, perPage: 2, total: 5, url: "u" })).toEqual({
    data: ["c", "d"],
    links: { first: "u?page=1", last: "u?page=3", prev: "u?page=1", next: "u?page=3" },
    meta: { current_page: 2, from: 3, last_page: 3, path: "u", per_page: 2, to: 4, total: 5 },
  });
  expect(laravelPage([], { page: 1, perPage: 2, total: 0, url: "u" })).toMatchObject({
    links: { prev: null, next: null },
    meta: { from: null, to: null, last_page: 1 },
  });
});

test("a bounded log keeps the newest entries", () => {
  const log = new BoundedLog<number>(3);
  for (let entry = 1; entry <= 20; entry += 1) log.add(entry);
  expect(log.entries()).toEqual([18, 19, 20]);
});
