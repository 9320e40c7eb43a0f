/** The APIs of GitHub and GitLab, as far as comments need them. */
import { redact } from "../provider/secrets/redact";
import { exitCodes } from "../review/exit-code";
import { CommandFailure, usageFailure } from "./command";

/** A comment, in the form that both kinds of forge share. */
export interface ForgeComment {
  readonly id: number;
  readonly authorId: number;
  readonly body: string;
}

/**
 * The calls of GitHub or GitLab that a sticky comment needs. `number` is the pull request's number, or the merge
 * request's iid.
 */
export interface Forge {
  /** The id of the token's account; undefined if the forge does not tell. */
  readonly whoAmI: () => Promise<number | undefined>;
  /** The current head commit of the pull request. */
  readonly headSha: (number: number) => Promise<string>;
  /** The pull requests whose merge made this commit. */
  readonly mergedAs: (sha: string) => Promise<number[]>;
  /** Every comment, from all pages. */
  readonly comments: (number: number) => Promise<ForgeComment[]>;
  /** Creates a comment, and returns its id and author. */
  readonly create: (number: number, body: string) => Promise<Pick<ForgeComment, "id" | "authorId">>;
  readonly update: (number: number, id: number, body: string) => Promise<void>;
  readonly remove: (number: number, id: number) => Promise<void>;
}

export interface ForgeSettings {
  readonly baseUrl: string;
  /** GitHub's GraphQL URL. Left out, it is derived from `baseUrl`. */
  readonly graphqlUrl?: string;
  readonly token: string;
  /** `owner/name`, or GitLab's project id. */
  readonly repository: string;
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
  const base = baseOf(settings.baseUrl, "--base-url");
  const call = caller(settings, base, headers);
  const graphql = caller(settings, graphqlOf(base, settings.graphqlUrl), headers);
  const repository = `repos/${settings.repository.split("/").map(encodeURIComponent).join("/")}`;
  return {
    whoAmI: async () => {
      const user = await call("GET", "user", undefined, [401, 403, 404]);
      if (user.ok) return knownId(idOf(user.body, "id"));
      // A workflow's own token is not a user; GraphQL still says which account it comments as.
      const answer = await graphql("POST", "", { query: "query { viewer { databaseId } }" }, [400, 401, 403, 404]);
      return answer.ok ? knownId(idOf(field(field(answer.body, "data"), "viewer"), "databaseId")) : undefined;
    },
    headSha: async (number) => textOf(field((await call("GET", `${repository}/pulls/${number}`)).body, "head"), "sha"),
    mergedAs: async (sha) => {
      const pulls = await everyPage(call, `${repository}/commits/${sha}/pulls`, (entry) => entry);
      return pulls
        .filter((pull) => textOf(pull, "merged_at") !== "" && textOf(pull, "merge_commit_sha") === sha)
        .map((pull) => idOf(pull, "number"));
    },
    comments: (number) =>
      everyPage(call, `${repository}/issues/${number}/comments`, (entry) => ({
        ...createdComment(entry, "user"),
        body: textOf(entry, "body"),
      })),
    create: async (number, body) =>
      createdComment((await call("POST", `${repository}/issues/${number}/comments`, { body })).body, "user"),
    update: async (_number, id, body) => {
      await call("PATCH", `${repository}/issues/comments/${id}`, { body });
    },
    remove: async (_number, id) => {
      await call("DELETE", `${repository}/issues/comments/${id}`, undefined, [404]);
    },
  };
}

/** https://docs.gitlab.com/api/notes/#merge-requests */
export function gitlabForge(settings: ForgeSettings): Forge {
  const call = caller(settings, baseOf(settings.baseUrl, "--base-url"), { "private-token": settings.token });
  const project = `projects/${encodeURIComponent(settings.repository)}`;
  const request = (number: number): string => `${project}/merge_requests/${number}`;
  return {
    whoAmI: async () => {
      const user = await call("GET", "user", undefined, [401, 403, 404]);
      return user.ok ? knownId(idOf(user.body, "id")) : undefined;
    },
    headSha: async (number) => textOf((await call("GET", request(number))).body, "sha"),
    mergedAs: async (sha) => {
      const requests = await everyPage(call, `${project}/repository/commits/${sha}/merge_requests`, (entry) => entry);
      const made = ["merge_commit_sha", "squash_commit_sha", "sha"];
      return requests
        .filter((entry) => textOf(entry, "state") === "merged" && made.some((name) => textOf(entry, name) === sha))
        .map((entry) => idOf(entry, "iid"));
    },
    comments: (number) =>
      everyPage(call, `${request(number)}/notes`, (entry) => ({
        ...createdComment(entry, "author"),
        body: textOf(entry, "body"),
      })),
    create: async (number, body) =>
      createdComment((await call("POST", `${request(number)}/notes`, { body })).body, "author"),
    update: async (number, id, body) => {
      await call("PUT", `${request(number)}/notes/${id}`, { body });
    },
    remove: async (number, id) => {
      await call("DELETE", `${request(number)}/notes/${id}`, undefined, [404]);
    },
  };
}

function createdComment(entry: unknown, author: string): Pick<ForgeComment, "id" | "authorId"> {
  return { id: idOf(entry, "id"), authorId: idOf(field(entry, author), "id") };
}

/** GitHub Enterprise Server has REST at `/api/v3` and GraphQL beside it. The token goes to no other host. */
function graphqlOf(base: string, given: string | undefined): string {
  if (given === undefined)
    return base.endsWith("/api/v3") ? `${base.slice(0, -"v3".length)}graphql` : `${base}/graphql`;
  const url = baseOf(given, "GITHUB_GRAPHQL_URL");
  if (new URL(url).origin !== new URL(base).origin)
    throw usageFailure(
      "GITHUB_GRAPHQL_URL is on another host than GITHUB_API_URL; the token is sent to one host only.",
    );
  return url;
}

interface Answer {
  readonly ok: boolean;
  readonly body: unknown;
  readonly headers: Headers;
}

type Call = (method: string, path: string, body?: unknown, tolerated?: readonly number[]) => Promise<Answer>;

function caller({ token, fetch: send }: ForgeSettings, base: string, headers: Record<string, string>): Call {
  return async (method, path, body, tolerated = []) => {
    const url = path === "" ? base : `${base}/${path}`;
    let response: Response;
    try {
      response = await send(url, {
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
      // The cause's message may quote the header that fetch refused.
      throw new CommandFailure(
        exitCodes.internal,
        `${method} ${url} got no answer (${error instanceof Error ? error.name : "unknown reason"}).`,
      );
    }
    const text = await response.text();
    if (!response.ok && !tolerated.includes(response.status)) {
      throw new CommandFailure(
        exitCodes.internal,
        `${method} ${url} answered ${response.status}: ${redact(text, [token])}`,
      );
    }
    return { ok: response.ok, body: parse(text), headers: response.headers };
  };
}

async function everyPage<Entry>(call: Call, path: string, read: (entry: unknown) => Entry): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (let page = 1; page <= maxPages; page += 1) {
    const { body, headers } = await call("GET", `${path}?per_page=100&page=${page}`);
    if (!Array.isArray(body)) throw new CommandFailure(exitCodes.internal, `GET ${path} did not answer with a list.`);
    entries.push(...body.map(read));
    // Both headers say whether there is more. Without them, a page that is not full is the last.
    const link = headers.get("link");
    const next = headers.get("x-next-page");
    const more = link !== null ? /;\s*rel="?next"?/.test(link) : next !== null ? next !== "" : body.length >= 100;
    if (!more) return entries;
  }
  throw new CommandFailure(exitCodes.internal, `GET ${path} has more than ${maxPages} pages.`);
}

/** Sends the token unencrypted to this machine only. */
function baseOf(text: string, what: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw usageFailure(`${what} is not a URL; give for example https://api.github.com.`);
  }
  const isLocal = ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLocal))
    throw usageFailure(`${what} must be https, or http on loopback.`);
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // An empty answer to a DELETE, or a proxy's page. The caller that needs a field reports it.
    return undefined;
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function knownId(id: number): number | undefined {
  return id > 0 ? id : undefined;
}

function idOf(value: unknown, name: string): number {
  const id = field(value, name);
  // A comment of a deleted account has no author, so it belongs to nobody.
  return typeof id === "number" ? id : -1;
}

function textOf(value: unknown, name: string): string {
  const text = field(value, name);
  return typeof text === "string" ? text : "";
}
