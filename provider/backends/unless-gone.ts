import { NotFoundError } from "../errors";

/**
 * The result of a call, or undefined where the service says that there is no such thing: a 404 (or
 * 410) whose words match `proof`. Any other one proves nothing, and stays an error with the advice:
 * a wrong url gets one for everything, and some services answer so for what a credential may not see.
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
