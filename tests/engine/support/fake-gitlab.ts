import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

interface Note {
  readonly id: number;
  readonly author: { readonly id: number };
  body: string;
}

interface MergeRequest {
  readonly iid: number;
  sha: string;
  state: "opened" | "merged";
  merge_commit_sha: string | null;
  readonly notes: Note[];
}

/** A job of a pipeline, as the API tells of it. */
interface Job {
  readonly id: number;
  readonly name: string;
  readonly ref: string;
  readonly tag: boolean;
  readonly pipeline: { readonly source: string };
  readonly artifacts: readonly { readonly file_type: string }[];
}

export const gitlabProject = 7;

/** The few calls of GitLab's API that the delivery file makes, with its paging. One token, one account. */
export class FakeGitlab {
  readonly requests = new Map<number, MergeRequest>();
  readonly token = "glpat-canary-4d2b9c01f7e6";
  /** May read jobs and artifacts, and nothing else. */
  readonly reviewToken = "glpat-reader-0c77ab12d9e4";
  readonly #jobs: Job[] = [];
  readonly #kept = new Map<number, string>();
  readonly #me = 900;
  #nextId = 1;
  readonly #server: Server = createServer((request, response) => {
    void textOf(request).then((text) => {
      const { status, body, headers } = this.#answer(request, text);
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(JSON.stringify(body ?? null));
    });
  });

  static async start(): Promise<FakeGitlab> {
    const gitlab = new FakeGitlab();
    await new Promise<void>((ready) => gitlab.#server.listen(0, "127.0.0.1", ready));
    return gitlab;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/api/v4`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  open(iid: number, sha: string): MergeRequest {
    const request: MergeRequest = { iid, sha, state: "opened", merge_commit_sha: null, notes: [] };
    for (let index = 0; index < 120; index += 1)
      request.notes.push({ id: (this.#nextId += 1), author: { id: 3 }, body: `note ${index}` });
    this.requests.set(iid, request);
    return request;
  }

  /** A finished job with an artifact; the newest comes first in the API's list. */
  finish(job: Partial<Job>, artifact: string): void {
    const id = (this.#nextId += 1);
    const artifacts = [{ file_type: "archive" }];
    this.#jobs.unshift({
      id,
      name: "deploy",
      ref: "main",
      tag: false,
      pipeline: { source: "push" },
      artifacts,
      ...job,
    });
    this.#kept.set(id, artifact);
  }

  /** What the pipeline's token wrote. */
  notes(iid: number): string[] {
    return (this.requests.get(iid)?.notes ?? []).filter(({ author }) => author.id === this.#me).map(({ body }) => body);
  }

  #answer(request: IncomingMessage, text: string): Answer {
    const url = new URL(request.url ?? "/", this.url);
    const call = `${request.method ?? ""} ${url.pathname.replace("/api/v4/", "").replace(`projects/${gitlabProject}/`, "")}`;
    const token = request.headers["private-token"];
    const isRead = /^GET jobs/.test(call);
    if (token !== this.token && !(isRead && token === this.reviewToken))
      return { status: 401, body: { message: "401 Unauthorized" } };
    for (const [pattern, answer] of this.#routes) {
      const found = pattern.exec(call);
      if (found) return answer(found.slice(1), url, text);
    }
    return notFound;
  }

  /** What it knows: each call by its pattern. */
  readonly #routes: readonly (readonly [RegExp, (parts: readonly string[], url: URL, text: string) => Answer])[] = [
    [/^GET jobs$/, () => ({ status: 200, body: this.#jobs })],
    [/^GET user$/, () => ({ status: 200, body: { id: this.#me } })],
    [
      /^GET jobs\/(\d+)\/artifacts\/state-without-secrets\.json$/,
      ([id]) => {
        const kept = this.#kept.get(Number(id));
        return kept === undefined ? { status: 404, body: {} } : { status: 200, body: JSON.parse(kept) as unknown };
      },
    ],
    [
      /^GET repository\/commits\/([0-9a-f]{40})\/merge_requests$/,
      ([commit]) => ({
        status: 200,
        body: [...this.requests.values()]
          .filter(({ merge_commit_sha: sha }) => sha === commit)
          .map(({ iid, state, merge_commit_sha }) => ({ iid, state, merge_commit_sha })),
      }),
    ],
    [
      /^\w+ merge_requests\/(\d+)(?:\/(\d+))?$/,
      ([iid]) => {
        const found = this.requests.get(Number(iid));
        return found ? { status: 200, body: { iid: found.iid, sha: found.sha } } : notFound;
      },
    ],
    [
      /^(\w+) merge_requests\/(\d+)\/notes(?:\/(\d+))?$/,
      ([method = "", iid, id], url, text) => {
        const notes = this.requests.get(Number(iid))?.notes;
        if (!notes) return notFound;
        if (method === "GET") return pageOf(notes, url);
        const { body } = JSON.parse(text) as { body: string };
        if (method === "POST") {
          const note = { id: (this.#nextId += 1), author: { id: this.#me }, body };
          notes.push(note);
          return { status: 201, body: note };
        }
        const note = notes.find((each) => each.id === Number(id));
        if (method !== "PUT" || !note) return notFound;
        note.body = body;
        return { status: 200, body: note };
      },
    ],
  ];
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

const notFound: Answer = { status: 404, body: { message: "404 Not found" } };

function pageOf(entries: readonly unknown[], url: URL): Answer {
  const page = Number(url.searchParams.get("page") ?? 1);
  const size = Number(url.searchParams.get("per_page") ?? 20);
  return {
    status: 200,
    body: entries.slice((page - 1) * size, page * size),
    headers: { "x-next-page": entries.length > page * size ? String(page + 1) : "" },
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
