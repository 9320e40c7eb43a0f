/**
 * Reads that cannot tell: they keep the state and let the run continue, so that one service's failure does not stop the
 * keys of others.
 */
import { ApiError, ConfigError, ConnectionError, InputError, ProviderError } from "../errors";
import type { ResourceContext } from "./context";
import { tellOnce } from "./tell-once";

/**
 * The result of `read`, or the recorded state if the service cannot tell. A wrong configuration stays an error, because
 * it would make every read useless.
 *
 * @param where - the connection, and what is read, for the warning
 */
export async function readOrKeep<Answer>(
  context: Pick<ResourceContext, "warn">,
  where: { readonly connection: string; readonly what: string },
  reading: { readonly read: () => Promise<Answer>; readonly kept: () => Answer },
): Promise<Answer> {
  try {
    return await reading.read();
  } catch (error) {
    if (!(error instanceof ProviderError) || error instanceof ConfigError || error instanceof InputError) throw error;
    const isOfService = error instanceof ApiError || error instanceof ConnectionError;
    tellOnce(
      context,
      isOfService ? `connection ${where.connection}` : error.message,
      isOfService
        ? `the connection "${where.connection}" could not be read, so what the state says of its keys and accounts stands, unproven (first of all ${where.what}: ${error.message}) Run "pulumi refresh" when the service answers again`
        : `${where.what} could not be read, so what the state says of it stands, unproven: ${error.message}`,
    );
    return reading.kept();
  }
}
