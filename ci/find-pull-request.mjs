// Prints the numbers of the open pull requests that a finished run belongs to, according to GitHub's record of the run:
// its repository, branch and commit. Nothing that the run itself wrote counts.
import { github } from "./forge.mjs";

const { GITHUB_REPOSITORY, HEAD_BRANCH, HEAD_OWNER, HEAD_REPOSITORY, HEAD_SHA } = process.env;
const head = encodeURIComponent(`${HEAD_OWNER}:${HEAD_BRANCH}`);
const pulls = (await github(process.env)(`pulls?state=open&per_page=100&head=${head}`)) ?? [];
for (const { number, head, base } of pulls)
  if (head.sha === HEAD_SHA && head.repo?.full_name === HEAD_REPOSITORY && base.repo?.full_name === GITHUB_REPOSITORY)
    console.log(number);
