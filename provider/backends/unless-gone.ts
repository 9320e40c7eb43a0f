import { NotFoundError } from "../errors";

/**
 * The result of a call, or undefined if the service says that there is no such thing: a 404 or 410 whose words match
 * `proof`. Any other 404 proves nothing and stays an error with the advice: a wrong URL gets one for everything, and
 * some services send one for what a credential may not see.
 */
export async function unlessGone<Result>(
  run: () => Promise<Result>,
  proof: RegExp,
  advice: string,
): Promise<Result | undefined> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    if (proof.test(error.detail ?? "")) return undefined;
    throw new NotFoundError(error, `This does not prove that it is gone. ${advice}`);
  }
}
