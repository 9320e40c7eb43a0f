import { redact } from "../provider/redact";
import { exitCodes } from "../review/exit-code";
import { CommandFailure, usageFailure } from "./command";

/** A comment as both kinds of forge have it. */
export interface ForgeComment {
  readonly id: number;
  readonly authorId: number;
  readonly body: string;
}

/** What a sticky comment needs of GitHub or GitLab. */
export interface Forge {
  /** The id of the account that the token speaks for. */
  readonly whoAmI: () => Promise<number>;
  /** The commit that the pull request stands at. */
  readonly headSha: () => Promise<string>;
  /** Every comment, over all pages. */
  readonly comments: () => Promise<ForgeComment[]>;
  readonly create: (body: string) => Promise<void>;
  readonly update: (id: number, body: string) => Promise<void>;
  readonly remove: (id: number) => Promise<void>;
}

export interface ForgeSettings {
  readonly baseUrl: string;
  readonly token: string;
  /** `owner/name`, or GitLab's project id. */
  readonly repository: string;
  readonly number: number;
  readonly fetch: typeof fetch;
}

const attemptMs = 30_000;
const maxPages = 500;

/** https://docs.github.com/en/rest/issues/comments */
export function githubForge(settings: ForgeSettings): Forge {
  const headers = {
    authorization: `Bearer ${settings.token}`,
    accept: "application/vnd.github+json",
    "x-github-api-version": "2022-11-28",
  };
  const call = caller(settings, headers);
  const repository = `repos/${settings.repository.split("/").map(encodeURIComponent).join("/")}`;
  const issue = `${repository}/issues/${settings.number}/comments`;
  return {
    whoAmI: async () => {
      const user = await call("GET", "user", undefined, [401, 403, 404]);
      if (user.ok) return idOf(user.body, "id");
      // A workflow's own token is no user; GraphQL still says who it comments as.
      const answer = await call("POST", "graphql", { query: "query { viewer { databaseId } }" }, [400, 401, 403, 404]);
      const id = answer.ok ? field(field(field(answer.body, "data"), "viewer"), "databaseId") : undefined;
      if (typeof id === "number") return id;
      throw usageFailure(
        "GitHub does not say which account this token comments as; give --author-id (41898282 for the token of GitHub Actions on github.com).",
      );
    },
    headSha: async () =>
      textOf(field((await call("GET", `${repository}/pulls/${settings.number}`)).body, "head"), "sha"),
    comments: () =>
      everyPage(call, issue, (entry) => ({
        id: idOf(entry, "id"),
        authorId: idOf(field(entry, "user"), "id"),
        body: textOf(entry, "body"),
      })),
    create: async (body) => {
      await call("POST", issue, { body });
    },
    update: async (id, body) => {
      await call("PATCH", `${repository}/issues/comments/${id}`, { body });
    },
    remove: async (id) => {
      await call("DELETE", `${repository}/issues/comments/${id}`, undefined, [404]);
    },
  };
}

/** https://docs.gitlab.com/api/notes/#merge-requests */
export function gitlabForge(settings: ForgeSettings): Forge {
  const call = caller(settings, { "private-token": settings.token });
  const request = `projects/${encodeURIComponent(settings.repository)}/merge_requests/${settings.number}`;
  return {
    whoAmI: async () => idOf((await call("GET", "user")).body, "id"),
    headSha: async () => textOf((await call("GET", request)).body, "sha"),
    comments: () =>
      everyPage(call, `${request}/notes`, (entry) => ({
        id: idOf(entry, "id"),
        authorId: idOf(field(entry, "author"), "id"),
        body: textOf(entry, "body"),
      })),
    create: async (body) => {
      await call("POST", `${request}/notes`, { body });
    },
    update: async (id, body) => {
      await call("PUT", `${request}/notes/${id}`, { body });
    },
    remove: async (id) => {
      await call("DELETE", `${request}/notes/${id}`, undefined, [404]);
    },
  };
}

interface Answer {
  readonly ok: boolean;
  readonly body: unknown;
  readonly headers: Headers;
}

type Call = (method: string, path: string, body?: unknown, tolerated?: readonly number[]) => Promise<Answer>;

function caller({ baseUrl, token, fetch: send }: ForgeSettings, headers: Record<string, string>): Call {
  const base = baseOf(baseUrl);
  return async (method, path, body, tolerated = []) => {
    let response: Response;
    try {
      response = await send(`${base}/${path}`, {
        method,
        headers: {
          ...headers,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          "user-agent": "pulumi-apikeys",
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        // A redirect could carry the token to another host.
        redirect: "error",
        signal: AbortSignal.timeout(attemptMs),
      });
    } catch (error) {
      // The cause's message can quote the header that fetch refused.
      throw new CommandFailure(
        exitCodes.internal,
        `${method} ${base}/${path} got no answer (${error instanceof Error ? error.name : "unknown reason"}).`,
      );
    }
    const text = await response.text();
    if (!response.ok && !tolerated.includes(response.status)) {
      throw new CommandFailure(
        exitCodes.internal,
        `${method} ${base}/${path} answered ${response.status}: ${redact(text, [token])}`,
      );
    }
    return { ok: response.ok, body: parse(text), headers: response.headers };
  };
}

async function everyPage(call: Call, path: string, read: (entry: unknown) => ForgeComment): Promise<ForgeComment[]> {
  const comments: ForgeComment[] = [];
  for (let page = 1; page <= maxPages; page += 1) {
    const { body, headers } = await call("GET", `${path}?per_page=100&page=${page}`);
    if (!Array.isArray(body)) throw new CommandFailure(exitCodes.internal, `GET ${path} did not answer with a list.`);
    comments.push(...body.map(read));
    // Both say whether there is more; where neither header is there, a page that is not full is the last.
    const link = headers.get("link");
    const next = headers.get("x-next-page");
    const more = link !== null ? /;\s*rel="?next"?/.test(link) : next !== null ? next !== "" : body.length >= 100;
    if (!more) return comments;
  }
  throw new CommandFailure(exitCodes.internal, `GET ${path} has more than ${maxPages} pages.`);
}

/** The token goes nowhere in clear, except to this machine. */
function baseOf(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw usageFailure("--base-url is not a URL; give for example https://api.github.com.");
  }
  const isLocal = ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLocal))
    throw usageFailure("--base-url must be https, or http on loopback.");
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // An empty answer to a DELETE, or a proxy's page; whoever needs a field says so.
    return undefined;
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function idOf(value: unknown, name: string): number {
  const id = field(value, name);
  // A comment of a deleted account has no author: nobody's.
  return typeof id === "number" ? id : -1;
}

function textOf(value: unknown, name: string): string {
  const text = field(value, name);
  return typeof text === "string" ? text : "";
}
