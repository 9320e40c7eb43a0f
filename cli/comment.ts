import { existsSync } from "node:fs";
import type { Command } from "commander";
import { proxiedFetch } from "./proxied-fetch";
import { exitCodes } from "../review/exit-code";
import { markerOf } from "../review/marker";
import { mergeReports, type MergedPart } from "../review/merge-reports";
import { readReport } from "../review/read-report";
import { renderMarkdown } from "../review/render/markdown";
import { failedReview } from "../review/review-preview";
import { CommandFailure, processHost, readInput, runs, usageFailure, type CommandHost } from "./command";
import { addForgeOptions, openForge, type ForgeOptions } from "./forge-options";
import type { Forge, ForgeComment } from "./forges";
import { defaultMaxChars, maxCharsOption, wholeNumber } from "./review-command";

interface CommentOptions extends ForgeOptions {
  readonly pr: number;
  readonly report: readonly string[];
  readonly id?: string;
  readonly headSha?: string;
  readonly project?: string;
  readonly stack?: string;
  readonly maxChars: number;
  readonly dryRun: boolean;
}

/** `apikeys comment`: writes one comment per stack and updates it in place. */
export function addCommentCommand(
  program: Command,
  host: CommandHost = processHost,
  send: typeof fetch = proxiedFetch,
): void {
  const command = program
    .command("comment")
    .description(
      "Puts a report on a pull or merge request as one comment per stack, and updates that comment from then on. Draws everything itself, from JSON whose digest and tables follow from its delta, and refuses any other file.",
    )
    .requiredOption(
      "--pr <number>",
      "number of the pull request (GitLab: the merge request's iid)",
      wholeNumber(1, 999_999_999),
    )
    .requiredOption(
      "--report <file>",
      "JSON report of `review`; several of them become one comment for several stacks; - reads stdin",
      (file: string, files: readonly string[]) => [...files, file],
      [],
    )
    .option("--id <id>", "name of this comment, if the repository has several about several stacks")
    .option("--head-sha <sha>", "comment only if the pull request is still at this commit")
    .option("--project <name>", "project, for a report that is missing")
    .option("--stack <name>", "stack, for a report that is missing")
    .option("--max-chars <number>", "longest comment", maxCharsOption, defaultMaxChars)
    .option("--dry-run", "print what would be done, and change nothing", false);
  addForgeOptions(command);
  runs(command, host, (options: CommentOptions) => comment(options, host, send));
}

async function comment(options: CommentOptions, host: CommandHost, send: typeof fetch): Promise<number> {
  const { body, complete } = bodyOf(options, host);
  const forge = openForge(options, host, send);
  if (options.headSha !== undefined && (await forge.headSha(options.pr)) !== options.headSha) {
    throw new CommandFailure(
      exitCodes.outdated,
      `the pull request is no longer at ${options.headSha} any more; this report is out of date and was not posted.`,
    );
  }
  await stick(forge, body, options, host);
  return complete ? exitCodes.fine : exitCodes.notReviewable;
}

interface Body {
  readonly body: string;
  /** False if a report is missing. */
  readonly complete: boolean;
}

function bodyOf(options: CommentOptions, host: CommandHost): Body {
  const parts = options.report.map((file): MergedPart => {
    const text = file !== "-" && !existsSync(file) ? "" : readInput(file, host, "--report");
    if (text.trim() === "") return { name: file };
    const read = readReport(text);
    if ("report" in read) return { name: file, report: read.report };
    throw usageFailure(`--report ${file} is refused: ${read.mistake}.`);
  });
  const [first] = parts;
  if (parts.length > 1 || options.id !== undefined) {
    const { markdown } = mergeReports(parts, options.id ?? "all", options.maxChars);
    return { body: markdown, complete: parts.every(({ report }) => report) };
  }
  if (first?.report) return { body: renderMarkdown(first.report, options.maxChars), complete: true };
  if (options.stack === undefined || options.project === undefined)
    throw new CommandFailure(
      exitCodes.notReviewable,
      `--report ${first?.name ?? ""} is missing or empty, so there is nothing to say; with --project and --stack the comment would say that nobody looked.`,
    );
  // A comment that says "nobody looked" is better than an older one that says "all is well".
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

async function stick(forge: Forge, body: string, options: CommentOptions, host: CommandHost): Promise<void> {
  const marker = markerOf(body);
  const me = options.authorId ?? (await forge.whoAmI());
  // Both are checked: anyone can quote the marker, and this account may have other comments.
  const marked = (await forge.comments(options.pr)).filter((each) => markerOf(each.body) === marker);
  const [first, ...copies] = me === undefined ? [] : marked.filter(({ authorId }) => authorId === me);
  const say = (what: string): void => host.stdout(`${options.dryRun ? "would " : ""}${what}\n`);
  if (!first) {
    say(`create a comment on ${options.provider} #${options.pr}`);
    if (!options.dryRun) await create(forge, { body, marked, me }, options, host);
  } else if (sameText(first.body, body)) {
    host.stdout(`comment ${first.id} is up to date\n`);
  } else {
    say(`update comment ${first.id}`);
    if (!options.dryRun) await forge.update(options.pr, first.id, body);
  }
  for (const copy of copies) {
    // Two simultaneous runs may each have made one.
    say(`remove comment ${copy.id}, a copy`);
    if (!options.dryRun) await forge.remove(options.pr, copy.id);
  }
  if (options.dryRun) host.stdout(body);
}

/**
 * Creates the comment. The answer names its author: if that account already has an older one, updates that instead, so
 * that only one remains.
 */
async function create(
  forge: Forge,
  known: { readonly body: string; readonly marked: readonly ForgeComment[]; readonly me: number | undefined },
  options: CommentOptions,
  host: CommandHost,
): Promise<void> {
  const created = await forge.create(options.pr, known.body);
  if (created.authorId < 0 || created.authorId === known.me) return;
  if (known.me !== undefined)
    host.stderr(
      `apikeys comment: this token comments as account ${created.authorId}, not ${known.me}; correct or leave out --author-id.\n`,
    );
  const [older, ...copies] = known.marked.filter(({ authorId }) => authorId === created.authorId);
  if (!older) return;
  host.stdout(`update comment ${older.id} instead\n`);
  await forge.update(options.pr, older.id, known.body);
  for (const { id } of [...copies, created]) await forge.remove(options.pr, id);
}

/** Forges change line ends and trim text. */
function sameText(a: string, b: string): boolean {
  return a.replaceAll("\r\n", "\n").trim() === b.trim();
}
