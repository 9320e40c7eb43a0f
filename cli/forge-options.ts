/** The options of commands that call GitHub or GitLab. */
import type { Command } from "commander";
import { Option } from "commander";
import { usageFailure, type CommandHost } from "./command";
import { githubForge, gitlabForge, type Forge, type ForgeSettings } from "./forges";
import { wholeNumber } from "./review-command";

export interface ForgeOptions {
  readonly provider: "github" | "gitlab";
  readonly repo?: string;
  readonly baseUrl?: string;
  readonly tokenEnv?: string;
  readonly authorId?: number;
}

/** The names of these settings in each forge's own CI. */
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

export function addForgeOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--provider <forge>", "where the pull request is").choices(["github", "gitlab"]).makeOptionMandatory(),
    )
    .option("--repo <owner/name>", "repository, or GitLab's project id (default: $GITHUB_REPOSITORY or $CI_PROJECT_ID)")
    .option("--base-url <url>", "the forge's API (default: $GITHUB_API_URL or $CI_API_V4_URL, else the public one)")
    .option("--token-env <name>", "environment variable with the token (default: GITHUB_TOKEN or GITLAB_TOKEN)")
    .option(
      "--author-id <number>",
      "id of the account that comments (default: the forge says who the token is)",
      wholeNumber(1, Number.MAX_SAFE_INTEGER),
    );
}

export function openForge(options: ForgeOptions, host: CommandHost, send: typeof fetch): Forge {
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
  const graphqlUrl = options.baseUrl === undefined ? host.env.GITHUB_GRAPHQL_URL : undefined;
  const settings: ForgeSettings = {
    baseUrl: options.baseUrl ?? host.env[names.url] ?? names.fallbackUrl,
    ...(graphqlUrl === undefined || graphqlUrl === "" ? {} : { graphqlUrl }),
    token,
    repository,
    fetch: send,
  };
  return names.forge(settings);
}
