import { isUnclear, ResponseShapeError, wordsOf } from "../errors";

/**
 * Runs a later request of a create that takes several. Whatever refuses it, something was made: the lifecycle looks for the key
 * by its name and revokes it.
 *
 * @throws ResponseShapeError - with the refusal's words
 */
export async function halfMade<Result>(step: () => Promise<Result>): Promise<Result> {
  try {
    return await step();
  } catch (error) {
    if (isUnclear(error)) throw error;
    throw new ResponseShapeError(wordsOf(error), { cause: error });
  }
}
