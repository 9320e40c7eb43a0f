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

interface Call {
  readonly method: string;
  readonly url: URL;
  /** The comment's text. */
  readonly body: string;
}

type Handler = (call: Call) => Response;

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

  const me = { id: options.me ?? 7 };
  const denied = (status: number) => answer(status, { message: "Resource not accessible by integration" });
  const notFound = () => answer(404, { message: "Not Found" });
  const list: Handler = ({ url }) => {
    const page = Number(url.searchParams.get("page"));
    const size = Math.min(Number(url.searchParams.get("per_page")), 100);
    const more = page * size < comments.length;
    const entries = comments
      .slice((page - 1) * size, page * size)
      .map(({ id, authorId, body }) =>
        kind === "github" ? { id, user: { id: authorId }, body } : { id, author: { id: authorId }, body },
      );
    if (kind === "gitlab") return answer(200, entries, { "x-next-page": more ? String(page + 1) : "" });
    const at = `${url.origin}${url.pathname}`;
    return answer(
      200,
      entries,
      more ? { link: `<${at}?page=${page + 1}>; rel="next", <${at}?page=3>; rel="last"` } : {},
    );
  };
  const add: Handler = ({ body }) => {
    comments.push({ id: (nextId += 1), authorId: me.id, body });
    return answer(201, { id: nextId, ...(kind === "github" ? { user: me } : { author: me }) });
  };
  const change: Handler = ({ method, url, body }) => {
    const stored = comments.find(({ id }) => id === Number(url.pathname.split("/").at(-1)));
    if (!stored) return notFound();
    if (method === "DELETE") {
      comments.splice(comments.indexOf(stored), 1);
      return answer(204, undefined);
    }
    stored.body = body;
    return answer(200, { id: stored.id });
  };
  const graphql: Handler = ({ url }) => {
    const { path: known, status } = options.graphql ?? { path: url.pathname, status: 200 };
    if (url.pathname !== known) return notFound();
    return status === 200 ? answer(200, { data: { viewer: { databaseId: me.id } } }) : denied(status);
  };
  /** The first that fits the method and the path. */
  const routes: readonly (readonly [RegExp, Handler])[] = [
    [/\/user$/, () => (options.userStatus === undefined ? answer(200, me) : denied(options.userStatus))],
    [/\/graphql$/, graphql],
    [/\/commits\/[0-9a-f]+\/(?:pulls|merge_requests)$/, () => answer(200, options.merged ?? [])],
    [
      /\/(?:pulls|merge_requests)\/12$/,
      () => answer(200, { head: { sha: options.head ?? "abc" }, sha: options.head ?? "abc" }),
    ],
    [/^GET /, list],
    [/^POST /, add],
    [/^/, change],
  ];

  const handle = (call: Call): Response => {
    if (options.failWith !== undefined) return answer(500, { message: options.failWith });
    const route = routes.find(([pattern]) => pattern.test(`${call.method} ${call.url.pathname}`));
    return (route?.[1] ?? notFound)(call);
  };

  return {
    comments,
    requests,
    headers,
    fetch: (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input);
      requests.push(`${init?.method ?? "GET"} ${url.pathname}${url.search}`);
      headers.push(new Headers(init?.headers));
      const { body = "" } = JSON.parse(typeof init?.body === "string" ? init.body : "{}") as { body?: string };
      return Promise.resolve(handle({ method: init?.method ?? "GET", url, body }));
    },
  };
}
