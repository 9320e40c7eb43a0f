import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Comment {
  readonly id: number;
  readonly user: { readonly id: number; readonly login: string };
  body: string;
}

export interface PullRequest {
  readonly number: number;
  readonly head: { readonly sha: string; readonly ref: string; readonly repo: { readonly full_name: string } };
  readonly base: { readonly ref: string; readonly repo: { readonly full_name: string } };
  readonly comments: Comment[];
  merged_at: string | null;
  merge_commit_sha: string | null;
}

/** A finished run, as the API tells of it. */
export interface RunRecord {
  readonly id: number;
  /** The workflow's file. */
  readonly file: string;
  readonly event: string;
  readonly head_branch: string;
  readonly head_sha: string;
  readonly head_repository: { readonly full_name: string };
  readonly run_started_at: string;
}

export type Permissions = Readonly<Record<string, string>>;

export const repositoryName = "acme/shop";
/** The account of a workflow's own token on github.com. */
export const actionsBot = { id: 41898282, login: "github-actions[bot]" };

/** The few calls of GitHub's API that the delivery files make, with its paging and its permissions. */
export class FakeGithub {
  readonly pulls = new Map<number, PullRequest>();
  /** Method, path and status of every call. */
  readonly calls: string[] = [];
  readonly runs: RunRecord[] = [];
  /** What only the repository knows; set by whoever has one. */
  repository: {
    readonly artifactsOf: (runId: number) => readonly string[];
    readonly tipOf: (branch: string) => Promise<string>;
    readonly isBehind: (commit: string, tip: string) => Promise<boolean>;
  } = { artifactsOf: () => [], tipOf: () => Promise.resolve(""), isBehind: () => Promise.resolve(false) };
  /** The account that workflows' tokens comment as: another one on every Enterprise Server. */
  bot = actionsBot;
  readonly #tokens = new Map<string, Permissions>();
  #nextId = 1000;
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  static async start(): Promise<FakeGithub> {
    const github = new FakeGithub();
    await new Promise<void>((ready) => github.#server.listen(0, "127.0.0.1", ready));
    return github;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  /** A job's token: it may do what the job's `permissions` say, and nothing else. */
  issueToken(permissions: Permissions): string {
    const token = `ghs_${randomBytes(18).toString("hex")}`;
    this.#tokens.set(token, permissions);
    return token;
  }

  get issuedTokens(): string[] {
    return [...this.#tokens.keys()];
  }

  pull(number: number): PullRequest {
    const pull = this.pulls.get(number);
    if (!pull) throw new Error(`there is no pull request ${number}`);
    return pull;
  }

  say(number: number, user: Comment["user"], body: string): Comment {
    const comment = { id: (this.#nextId += 1), user, body };
    this.pull(number).comments.push(comment);
    return comment;
  }

  /** The bodies that a workflow wrote. */
  botComments(number: number): string[] {
    return this.pull(number)
      .comments.filter(({ user }) => user.id === this.bot.id)
      .map(({ body }) => body);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", this.url);
    const text = await bodyOf(request);
    const { status, body, link } = await this.#answer(request, url, text);
    this.calls.push(`${request.method ?? ""} ${url.pathname} ${status}`);
    response.writeHead(status, { "content-type": "application/json", ...(link === undefined ? {} : { link }) });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  }

  async #answer(request: IncomingMessage, url: URL, text: string): Promise<Answer> {
    const permissions = this.#tokens.get((request.headers.authorization ?? "").replace(/^Bearer /, ""));
    if (!permissions) return { status: 401, body: { message: "Bad credentials" } };
    const may = (permission: string, level: "read" | "write"): boolean =>
      permissions[permission] === "write" || permissions[permission] === level;
    const denied = { status: 403, body: { message: "Resource not accessible by integration" } };
    if (url.pathname === "/graphql") return { status: 200, body: { data: { viewer: { databaseId: this.bot.id } } } };
    if (url.pathname === "/user") return denied;
    const prefix = `/repos/${repositoryName}/`;
    if (!url.pathname.startsWith(prefix)) return denied;
    const path = url.pathname.slice(prefix.length);
    const call = `${request.method ?? ""} ${path}`;
    for (const { pattern, needs, answer } of this.#routes) {
      const parts = pattern.exec(call)?.slice(1);
      if (!parts) continue;
      const [permission, level] = typeof needs === "string" ? ([needs, "read"] as const) : needs(parts);
      return may(permission, level) ? answer(parts, url, text) : denied;
    }
    throw new Error(`the fake GitHub does not know ${call}`);
  }

  /** What it knows: each call by its pattern, with what its token needs. */
  readonly #routes: readonly Route[] = [
    {
      pattern: /^GET actions\/workflows\/([\w.-]+)\/runs$/,
      needs: "actions",
      answer: ([workflow], url) => {
        const of = this.runs.filter(
          ({ file, head_branch: branch }) => file === workflow && branch === url.searchParams.get("branch"),
        );
        const { body, ...rest } = this.#page(url, of.toReversed());
        return { ...rest, body: { workflow_runs: body } };
      },
    },
    {
      pattern: /^GET actions\/runs\/(\d+)\/artifacts$/,
      needs: "actions",
      answer: ([id], url) => {
        const names = this.repository.artifactsOf(Number(id)).filter((name) => name === url.searchParams.get("name"));
        return { status: 200, body: { artifacts: names.map((name) => ({ name, expired: false })) } };
      },
    },
    {
      pattern: /^GET branches\/([\w.-]+)$/,
      needs: "contents",
      answer: async ([branch]) => ({
        status: 200,
        body: { commit: { sha: await this.repository.tipOf(branch!) } },
      }),
    },
    {
      pattern: /^GET compare\/([0-9a-f]{40})\.\.\.([0-9a-f]{40})$/,
      needs: "contents",
      answer: async ([base, head]) => {
        const behind = await this.repository.isBehind(head!, base!);
        return { status: 200, body: { status: behind ? (base === head ? "identical" : "behind") : "diverged" } };
      },
    },
    {
      pattern: /^GET pulls$/,
      needs: "pull-requests",
      answer: (_parts, url) => {
        const head = url.searchParams.get("head") ?? "";
        const open = [...this.pulls.values()].filter(
          ({ merged_at: merged, head: { ref, repo } }) =>
            merged === null && head === `${repo.full_name.split("/")[0] ?? ""}:${ref}`,
        );
        return this.#page(url, open);
      },
    },
    {
      pattern: /^GET pulls\/(\d+)$/,
      needs: "pull-requests",
      answer: ([number]) => this.#found(this.pulls.get(Number(number))),
    },
    {
      pattern: /^GET commits\/([0-9a-f]{40})\/pulls$/,
      needs: "pull-requests",
      answer: ([commit]) => ({
        status: 200,
        body: [...this.pulls.values()].filter(
          ({ merge_commit_sha: sha, head }) => sha === commit || head.sha === commit,
        ),
      }),
    },
    {
      pattern: /^(GET|POST) issues\/(\d+)\/comments$/,
      needs: ([method]) => ["pull-requests", method === "GET" ? "read" : "write"],
      answer: ([method, id], url, text) => {
        const number = Number(id);
        if (method === "POST") return { status: 201, body: this.say(number, this.bot, textIn(text)) };
        return this.#page(url, this.pull(number).comments);
      },
    },
    {
      pattern: /^(PATCH|DELETE) issues\/comments\/(\d+)$/,
      needs: () => ["pull-requests", "write"],
      answer: ([method, id], _url, text) => {
        for (const { comments } of this.pulls.values()) {
          const index = comments.findIndex((comment) => comment.id === Number(id));
          const comment = comments[index];
          if (!comment) continue;
          if (method === "PATCH") comment.body = textIn(text);
          else comments.splice(index, 1);
          return method === "PATCH" ? { status: 200, body: comment } : { status: 204 };
        }
        return this.#found(undefined);
      },
    },
  ];

  #found(body: unknown): { status: number; body: unknown } {
    return body === undefined ? { status: 404, body: { message: "Not Found" } } : { status: 200, body };
  }

  #page(url: URL, entries: readonly unknown[]): { status: number; body: unknown; link?: string } {
    const size = Math.min(100, Number(url.searchParams.get("per_page") ?? 30));
    const page = Number(url.searchParams.get("page") ?? 1);
    const body = entries.slice((page - 1) * size, page * size);
    const more = entries.length > page * size;
    url.searchParams.set("page", String(page + 1));
    return { status: 200, body, ...(more ? { link: `<${url.href}>; rel="next"` } : {}) };
  }
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly link?: string;
}

/** A call that it knows: its parts are what the pattern captures. */
interface Route {
  readonly pattern: RegExp;
  /** A permission to read, or one with its level. */
  readonly needs: string | ((parts: readonly string[]) => readonly [permission: string, level: "read" | "write"]);
  readonly answer: (parts: readonly string[], url: URL, text: string) => Answer | Promise<Answer>;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function textIn(text: string): string {
  const { body } = JSON.parse(text) as { body?: unknown };
  if (typeof body !== "string" || body === "" || body.length > 65_536)
    throw new Error("a comment has 1 to 65,536 characters");
  return body;
}
