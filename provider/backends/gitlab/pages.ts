import { z } from "zod";
import type { HttpClient, HttpRequest } from "../../http/request";
import { everyPage } from "../every-page";
import { parseAnswer } from "../parse-answer";

const perPage = 100;

/** All items of a list; undefined where GitLab says 404: what they belong to is not there. */
export async function pagesOf<Schema extends z.ZodType>(
  http: HttpClient,
  at: string,
  item: Schema,
  query: HttpRequest["query"] = {},
): Promise<z.infer<Schema>[] | undefined> {
  let gone = false;
  const found = await everyPage(at, async (page = "1") => {
    const asked = { ...query, page, per_page: perPage };
    const { absent, body } = await http.request({ method: "GET", path: at, query: asked, absent: [404] });
    gone = absent;
    const items = absent ? [] : parseAnswer("GET", at, z.array(item), body);
    return { items, next: items.length < perPage ? undefined : String(Number(page) + 1) };
  });
  return gone ? undefined : found;
}
