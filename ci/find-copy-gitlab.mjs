// Fetches the newest copy of the state that a deployment or a rotation of the default branch published, and writes it
// to the file in the first argument. Writes nothing if there is none yet. GitLab's own record of the job decides: jobs
// of merge requests, of other branches, and of a tag with the branch's name do not count.
import { writeFileSync } from "node:fs";
import { reader } from "./forge.mjs";

const { CI_API_V4_URL, CI_DEFAULT_BRANCH, CI_JOB_TOKEN, COPY, COPY_PROJECT, REVIEW_TOKEN } = process.env;
const headers = REVIEW_TOKEN ? { "private-token": REVIEW_TOKEN } : CI_JOB_TOKEN ? { "job-token": CI_JOB_TOKEN } : {};
const get = reader(`${CI_API_V4_URL}/projects/${encodeURIComponent(COPY_PROJECT)}`, headers);

const isOurs = ({ name, ref, tag, pipeline, artifacts = [] }) =>
  ["deploy", "rotate"].includes(name) &&
  ref === CI_DEFAULT_BRANCH &&
  tag === false &&
  pipeline?.source !== "merge_request_event" &&
  artifacts.some(({ file_type: type }) => type === "archive");

search: for (let page = 1; page <= 20; page += 1) {
  const jobs = (await get(`jobs?per_page=100&page=${page}`)) ?? [];
  for (const job of jobs.filter(isOurs)) {
    const copy = await get(`jobs/${job.id}/artifacts/${encodeURIComponent(COPY)}`);
    if (copy === undefined) continue;
    writeFileSync(process.argv[2], JSON.stringify(copy));
    console.log(`The copy of the state is of job ${job.id}.`);
    break search;
  }
  if (jobs.length < 100) break;
}
