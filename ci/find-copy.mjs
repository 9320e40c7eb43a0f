// Finds the newest copy of the state that a deployment or a rotation of the default branch published. Prints `run-id=…`
// for the action that downloads it, or nothing if there is none yet.
//
// Anyone's run may have an artifact of that name. So the run must have been started by a push, a schedule or by hand,
// in this repository, on the default branch, by a workflow file of the known names. A tag can have the branch's name,
// so the commit must also be in the branch's history.
import { github } from "./forge.mjs";

const { COPY, COPY_WORKFLOWS, DEFAULT_BRANCH, GITHUB_REPOSITORY } = process.env;
const get = github(process.env);

const branch = encodeURIComponent(DEFAULT_BRANCH);
const runs = [];
for (const file of COPY_WORKFLOWS.split(/\s+/).filter(Boolean)) {
  for (let page = 1; page <= 5; page += 1) {
    const list = await get(
      `actions/workflows/${encodeURIComponent(file)}/runs?branch=${branch}&status=completed&per_page=100&page=${page}`,
    );
    const found = list?.workflow_runs ?? [];
    runs.push(...found);
    if (found.length < 100) break;
  }
}
runs.sort((a, b) => Date.parse(b.run_started_at) - Date.parse(a.run_started_at));

const isOurs = (run) =>
  ["push", "schedule", "workflow_dispatch"].includes(run.event) &&
  run.head_branch === DEFAULT_BRANCH &&
  run.head_repository?.full_name === GITHUB_REPOSITORY;

const tip = (await get(`branches/${branch}`)).commit.sha;
for (const run of runs.filter(isOurs)) {
  const { artifacts = [] } = (await get(`actions/runs/${run.id}/artifacts?name=${encodeURIComponent(COPY)}`)) ?? {};
  if (!artifacts.some(({ expired }) => !expired)) continue;
  const { status } = (await get(`compare/${tip}...${run.head_sha}`)) ?? {};
  if (status !== "identical" && status !== "behind") continue;
  console.error(`The copy of the state is of run ${run.id}, ${run.run_started_at}.`);
  console.log(`run-id=${run.id}`);
  break;
}
