import { existsSync } from "node:fs";
import { Option, type Command } from "commander";

import { exitCodes } from "../review/exit-code";
import { markerOf } from "../review/marker";
import { renderMarkdown } from "../review/render/markdown";
import { parseReport } from "../review/report";
import { failedReview } from "../review/review-preview";
import { githubForge, gitlabForge, type Forge } from "./forges";
import { CommandFailure, processHost, readInput, runs, usageFailure, type CommandHost } from "./command";
import { defaultMaxChars, maxCharsOption, wholeNumber } from "./review-command";

interface CommentOptions {
  readonly provider: "github" | "gitlab";
  readonly pr: number;
  readonly report: string;
  readonly repo?: string;
  readonly baseUrl?: string;
  readonly tokenEnv?: string;
  readonly authorId?: number;
  readonly headSha?: string;
  readonly project?: string;
  readonly stack?: string;
  readonly maxChars: number;
  readonly dryRun: boolean;
}

/** What each forge's own CI calls these things. */
const surroundings = {
  github: {
    forge: githubForge,
    url: "GITHUB_API_URL",
    fallbackUrl: "https://api.github.com",
    token: "GITHUB_TOKEN",
    repository: "GITHUB_REPOSITORY",
  },
  gitlab: {
    forge: gitlabForge,
    url: "CI_API_V4_URL",
    fallbackUrl: "https://gitlab.com/api/v4",
    token: "GITLAB_TOKEN",
    repository: "CI_PROJECT_ID",
  },
} as const;

/** `apikeys comment`: the only command that uses the network. One comment per stack, updated in place. */
export function addCommentCommand(program: Command, host: CommandHost = processHost, send: typeof fetch = fetch): void {
  const command = program
    .command("comment")
    .description(
      "Puts a report on a pull or merge request as one comment per stack, and updates that comment from then on.",
    )
    .addOption(
      new Option("--provider <forge>", "where the pull request is").choices(["github", "gitlab"]).makeOptionMandatory(),
    )
    .requiredOption(
      "--pr <number>",
      "number of the pull request (GitLab: the merge request's iid)",
      wholeNumber(1, 999_999_999),
    )
    .requiredOption(
      "--report <file>",
      "JSON report of `review` (rendered here, so that nothing of it is trusted), or Markdown of `review` or `merge`; - reads stdin",
    )
    .option("--repo <owner/name>", "repository, or GitLab's project id (default: $GITHUB_REPOSITORY or $CI_PROJECT_ID)")
    .option("--base-url <url>", "the forge's API (default: $GITHUB_API_URL or $CI_API_V4_URL, else the public one)")
    .option("--token-env <name>", "environment variable with the token (default: GITHUB_TOKEN or GITLAB_TOKEN)")
    .option(
      "--author-id <number>",
      "id of the account that the token comments as (default: asked of the forge)",
      wholeNumber(1, Number.MAX_SAFE_INTEGER),
    )
    .option("--head-sha <sha>", "comment only while the pull request stands at this commit")
    .option("--project <name>", "project, for a report that is missing")
    .option("--stack <name>", "stack, for a report that is missing")
    .option("--max-chars <number>", "longest comment", maxCharsOption, defaultMaxChars)
    .option("--dry-run", "read, and print what would be done", false);
  runs(command, host, (options: CommentOptions) => comment(options, host, send));
}

async function comment(options: CommentOptions, host: CommandHost, send: typeof fetch): Promise<number> {
  const { body, complete } = bodyOf(options, host);
  const marker = markerOf(body);
  if (marker === undefined) {
    throw new CommandFailure(
      exitCodes.notReviewable,
      `--report ${options.report} is no report: give the file of \`apikeys review --out json=FILE\`, or the Markdown of \`review\` or \`merge\`.`,
    );
  }
  const forge = openForge(options, host, send);
  if (options.headSha !== undefined && (await forge.headSha()) !== options.headSha) {
    throw new CommandFailure(
      exitCodes.outdated,
      `the pull request does not stand at ${options.headSha} any more; this report is out of date and was not posted.`,
    );
  }
  await stick(forge, marker, body, options, host);
  return complete ? exitCodes.fine : exitCodes.notReviewable;
}

/** JSON is rendered here; Markdown is taken only where its first line is one of our markers. */
function bodyOf(options: CommentOptions, host: CommandHost): { readonly body: string; readonly complete: boolean } {
  const text = options.report !== "-" && !existsSync(options.report) ? "" : readInput(options.report, host, "--report");
  const report = parseReport(text);
  if (report) return { body: renderMarkdown(report, options.maxChars), complete: true };
  if (markerOf(text) !== undefined) {
    if (text.length > options.maxChars)
      throw usageFailure(
        `--report ${options.report} has ${text.length} characters; the limit is ${options.maxChars}. Post the JSON report, which is cut to fit.`,
      );
    return { body: text, complete: true };
  }
  if (options.stack === undefined || options.project === undefined) return { body: "", complete: false };
  // Better a comment that says "nobody looked" than an older one that says "all is well".
  const failed = failedReview({
    preview: "",
    exitCode: exitCodes.notReviewable,
    reason: "the job wrote no report; its log says why",
    failOn: "block",
    stack: options.stack,
    project: options.project,
  });
  return { body: renderMarkdown(failed, options.maxChars), complete: false };
}

async function stick(
  forge: Forge,
  marker: string,
  body: string,
  options: CommentOptions,
  host: CommandHost,
): Promise<void> {
  const me = options.authorId ?? (await forge.whoAmI());
  // Both: anybody can quote the marker, and this account may have other comments.
  const [first, ...copies] = (await forge.comments()).filter(
    (each) => each.authorId === me && markerOf(each.body) === marker,
  );
  const say = (what: string): void => host.stdout(`${options.dryRun ? "would " : ""}${what}\n`);
  if (!first) {
    say(`create a comment on ${options.provider} #${options.pr}`);
    if (!options.dryRun) await forge.create(body);
  } else if (sameText(first.body, body)) {
    host.stdout(`comment ${first.id} is up to date\n`);
  } else {
    say(`update comment ${first.id}`);
    if (!options.dryRun) await forge.update(first.id, body);
  }
  for (const copy of copies) {
    // Two runs at once may each have made one.
    say(`remove comment ${copy.id}, a copy`);
    if (!options.dryRun) await forge.remove(copy.id);
  }
  if (options.dryRun) host.stdout(body);
}

function openForge(options: CommentOptions, host: CommandHost, send: typeof fetch): Forge {
  const names = surroundings[options.provider];
  const tokenEnv = options.tokenEnv ?? names.token;
  const token = host.env[tokenEnv] ?? "";
  if (token === "")
    throw usageFailure(
      `The environment variable ${tokenEnv} has no token for ${options.provider}; set it, or name another with --token-env.`,
    );
  if (!/^[\x21-\x7e]+$/.test(token))
    throw usageFailure(`The token in ${tokenEnv} holds a character that no token has, such as a line break.`);
  const repository = options.repo ?? host.env[names.repository] ?? "";
  if (repository === "") throw usageFailure(`Give --repo, or set ${names.repository}.`);
  if (options.provider === "github" && !/^[A-Za-z0-9_.-]+\/[A-Za-z0-9_.-]+$/.test(repository))
    throw usageFailure("--repo must be OWNER/NAME.");
  return names.forge({
    baseUrl: options.baseUrl ?? host.env[names.url] ?? names.fallbackUrl,
    token,
    repository,
    number: options.pr,
    fetch: send,
  });
}

/** Forges change line ends and trim. */
function sameText(a: string, b: string): boolean {
  return a.replaceAll("\r\n", "\n").trim() === b.trim();
}
