import { InvalidArgumentError, type Command } from "commander";
import { proxiedFetch } from "./proxied-fetch";
import { digestsIn } from "../review/digest-line";
import { exitCodes } from "../review/exit-code";
import { markerFor, markerOf } from "../review/marker";
import { CommandFailure, processHost, runs, usageFailure, type CommandHost } from "./command";
import { addForgeOptions, openForge, type ForgeOptions } from "./forge-options";
import type { ForgeComment } from "./forges";

interface ApprovedOptions extends ForgeOptions {
  readonly sha: string;
  readonly project?: string;
  readonly stack?: string;
  readonly json: boolean;
}

/**
 * `apikeys approved`: prints the digests that reviewers saw before they merged a commit, for the job that deploys it.
 */
export function addApprovedCommand(
  program: Command,
  host: CommandHost = processHost,
  send: typeof fetch = proxiedFetch,
): void {
  const command = program
    .command("approved")
    .description(
      "Prints the digests in the comment on the pull request whose merge made a commit, one per line. Only the newest comment of the expected author counts, and in it only the last lines.",
    )
    .requiredOption("--sha <sha>", "the commit that is about to be deployed", checkSha)
    .option("--project <name>", "with --stack: the comment about this stack only")
    .option("--stack <name>", "with --project: the comment about this stack only")
    .option("--json", "print JSON", false)
    .addHelpText(
      "after",
      "\nExit codes: 0 printed; 2 bad flags, or an unknown author; 10 no pull request, no comment, or no digest in it; 11 the comment is of an older version.",
    );
  addForgeOptions(command);
  runs(command, host, (options: ApprovedOptions) => approved(options, host, send));
}

async function approved(options: ApprovedOptions, host: CommandHost, send: typeof fetch): Promise<number> {
  if ((options.project === undefined) !== (options.stack === undefined))
    throw usageFailure("Give both --project and --stack, or neither.");
  const forge = openForge(options, host, send);
  const author = options.authorId ?? (await forge.whoAmI());
  if (author === undefined)
    throw usageFailure(`${options.provider} does not say which account this token comments as; give --author-id.`);
  const pulls = await forge.mergedAs(options.sha);
  const newest = new Map<string, ForgeComment>();
  for (const number of pulls) {
    for (const comment of await forge.comments(number)) {
      const marker = markerOf(comment.body);
      if (comment.authorId !== author || marker === undefined || !isWanted(marker, options)) continue;
      const known = newest.get(marker);
      if (!known || comment.id > known.id) newest.set(marker, comment);
    }
  }
  const found = [...newest.values()].map(({ body }) => digestsIn(body));
  const digests = [...new Set(found.flatMap((each) => each.digests))];
  if (digests.length === 0) throw nothing(options.sha, pulls.length, found);
  host.stdout(options.json ? `${JSON.stringify({ digests })}\n` : digests.map((digest) => `${digest}\n`).join(""));
  return exitCodes.fine;
}

function nothing(sha: string, pulls: number, found: readonly { readonly isOlder: boolean }[]): CommandFailure {
  if (found.some(({ isOlder }) => isOlder))
    return new CommandFailure(
      exitCodes.outdated,
      "the comment was written by version 0.1, whose digests cannot be compared with those of this version; run the review of the pull request again, or approve the digest of the deployment's own preview.",
    );
  const what =
    pulls === 0
      ? `no pull request was merged as ${sha}`
      : found.length === 0
        ? "the merged pull request has no review comment of the expected author"
        : "the review comment has no digest, because nothing could be reviewed";
  return new CommandFailure(exitCodes.notReviewable, `${what}; nothing was approved.`);
}

/** The marker of a comment about several stacks names none of them; each of its digests belongs to one stack. */
function isWanted(marker: string, { project, stack }: ApprovedOptions): boolean {
  return (
    project === undefined ||
    stack === undefined ||
    marker.includes(" merged=") ||
    marker === markerFor({ project, stack })
  );
}

function checkSha(text: string): string {
  if (!/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(text)) throw new InvalidArgumentError("Give the whole commit id.");
  return text;
}
