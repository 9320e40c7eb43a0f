/** A forge's comments, as far as `apikeys comment` needs them: pages of at most 100, both ways of naming the next one. */
export interface StoredComment {
  id: number;
  authorId: number;
  body: string;
}

export interface FakeForge {
  readonly comments: StoredComment[];
  /** Method, path and query of every request. */
  readonly requests: string[];
  readonly headers: Headers[];
  readonly fetch: typeof fetch;
}

export function fakeForge(
  kind: "github" | "gitlab",
  comments: StoredComment[],
  options: {
    me?: number;
    userStatus?: number;
    /** Where GraphQL is, and what it answers there; elsewhere it is not found. */
    graphql?: { path: string; status: number };
    head?: string;
    failWith?: string;
    /** Pull requests that the commit `merged` came from. */
    merged?: unknown[];
  } = {},
): FakeForge {
  const requests: string[] = [];
  const headers: Headers[] = [];
  let nextId = 9_000;
  const answer = (status: number, body: unknown, more: Record<string, string> = {}): Response =>
    new Response(status === 204 ? null : JSON.stringify(body), {
      status,
      headers: { "content-type": "application/json", ...more },
    });

  const handle = (method: string, url: URL, body: { body?: string }): Response => {
    const path = url.pathname;
    if (options.failWith !== undefined) return answer(500, { message: options.failWith });
    if (path.endsWith("/user"))
      return options.userStatus === undefined
        ? answer(200, { id: options.me ?? 7 })
        : answer(options.userStatus, { message: "Resource not accessible by integration" });
    if (path.endsWith("/graphql")) {
      const { path: known, status } = options.graphql ?? { path, status: 200 };
      if (path !== known) return answer(404, { message: "Not Found" });
      return status === 200
        ? answer(200, { data: { viewer: { databaseId: options.me ?? 7 } } })
        : answer(status, { message: "Resource not accessible by integration" });
    }
    if (/\/commits\/[0-9a-f]+\/(?:pulls|merge_requests)$/.test(path)) return answer(200, options.merged ?? []);
    if (path.endsWith("/pulls/12") || path.endsWith("/merge_requests/12"))
      return answer(200, { head: { sha: options.head ?? "abc" }, sha: options.head ?? "abc" });
    if (method === "GET") {
      const page = Number(url.searchParams.get("page"));
      const size = Math.min(Number(url.searchParams.get("per_page")), 100);
      const more = page * size < comments.length;
      const list = comments
        .slice((page - 1) * size, page * size)
        .map(({ id, authorId, body: text }) =>
          kind === "github" ? { id, user: { id: authorId }, body: text } : { id, author: { id: authorId }, body: text },
        );
      if (kind === "gitlab") return answer(200, list, { "x-next-page": more ? String(page + 1) : "" });
      return answer(
        200,
        list,
        more
          ? { link: `<${url.origin}${path}?page=${page + 1}>; rel="next", <${url.origin}${path}?page=3>; rel="last"` }
          : {},
      );
    }
    if (method === "POST") {
      const author = { id: options.me ?? 7 };
      comments.push({ id: (nextId += 1), authorId: author.id, body: body.body ?? "" });
      return answer(201, { id: nextId, ...(kind === "github" ? { user: author } : { author }) });
    }
    const id = Number(path.split("/").at(-1));
    const stored = comments.find((comment) => comment.id === id);
    if (!stored) return answer(404, { message: "Not Found" });
    if (method === "DELETE") {
      comments.splice(comments.indexOf(stored), 1);
      return answer(204, undefined);
    }
    stored.body = body.body ?? "";
    return answer(200, { id });
  };

  return {
    comments,
    requests,
    headers,
    fetch: (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input);
      requests.push(`${init?.method ?? "GET"} ${url.pathname}${url.search}`);
      headers.push(new Headers(init?.headers));
      return Promise.resolve(
        handle(
          init?.method ?? "GET",
          url,
          JSON.parse(typeof init?.body === "string" ? init.body : "{}") as { body?: string },
        ),
      );
    },
  };
}
