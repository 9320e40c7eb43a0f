// Calls the forge's API. The token is in one header and goes nowhere else.

/** A function that GETs a path below `base` and returns the JSON, or undefined for a 404. */
export function reader(base, headers) {
  return async (path) => {
    const answer = await fetch(`${base}/${path}`, {
      headers,
      // A redirect could carry the token to another host.
      redirect: "error",
      signal: AbortSignal.timeout(30_000),
    });
    if (answer.status === 404) return undefined;
    if (!answer.ok) throw new Error(`GET ${path} answered ${answer.status}`);
    return answer.json();
  };
}

/** Reads GitHub's API with the job's own token. */
export function github(environment) {
  const { GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_TOKEN } = environment;
  const headers = { authorization: `Bearer ${GITHUB_TOKEN}`, accept: "application/vnd.github+json" };
  return reader(`${GITHUB_API_URL}/repos/${GITHUB_REPOSITORY}`, headers);
}
