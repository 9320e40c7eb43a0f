import { describe, expect, test } from "@jest/globals";
import { ResponseShapeError } from "../../../../provider/errors";
import { asOneCall, nextPage } from "../../../../provider/http/list-bounds";

const budgetMs = 60_000;

/** Reads a list until it is refused, or until so many pages are read. */
function pagesOf(list: { path?: string; msPerPage?: number; charactersPerPage?: number; most: number }) {
  const { path = "/keys", msPerPage = 0, charactersPerPage = 0, most } = list;
  for (let pages = 0; pages < most; pages += 1)
    try {
      nextPage(path, pages * msPerPage, budgetMs)?.read(charactersPerPage);
    } catch (error) {
      return { pages, error: error as Error };
    }
  return { pages: most };
}

describe("a list that a service never ends", () => {
  test.each([
    ["in pages", {}, 1_000, "goes on after 1000 pages"],
    ["in time", { msPerPage: 7_000 }, 9, "goes on after 60 s and 9 pages"],
    ["in memory", { charactersPerPage: 16 * 1024 * 1024 }, 2, "goes on after 32 million characters"],
  ])("is given up with a sentence: it has no end %s", (_what, list, pages, words) => {
    const read = asOneCall(() => pagesOf({ ...list, most: 5_000 }));
    expect(read.pages).toBe(pages);
    expect(read.error).toBeInstanceOf(ResponseShapeError);
    expect(read.error?.message).toContain(`the list GET /keys ${words}, and was not read to its end`);
  });

  test("is not taken for other lists of the same call, nor for those of another call", () => {
    asOneCall(() => {
      expect(pagesOf({ most: 999 }).error).toBeUndefined();
      expect(pagesOf({ path: "/accounts", most: 999 }).error).toBeUndefined();
    });
    expect(asOneCall(() => pagesOf({ most: 1_000 })).error).toBeUndefined();
  });

  test("tells each page what is left of its time", () => {
    const left = asOneCall(() => [nextPage("/keys", 5_000, budgetMs), nextPage("/keys", 25_000, budgetMs)]);
    expect(left.map((page) => page?.leftMs)).toEqual([60_000, 40_000]);
  });

  test("has its first page, however short the time is", () => {
    expect(asOneCall(() => pagesOf({ most: 1 })).error).toBeUndefined();
    expect(asOneCall(() => nextPage("/keys", 0, 0))?.leftMs).toBe(0);
  });
});
