/** A read that cannot tell: the state stays as it is, and the run goes on, so that one service's trouble stops no other's keys. */
import { ApiError, ConfigError, ConnectionError, InputError, ProviderError } from "../errors";
import type { ResourceContext } from "./context";
import { tellOnce } from "./tell-once";

/**
 * What `read` brings, or what the state has where nothing can be told. A wrong configuration is an error still: it is the
 * user's own, and would make every read worthless.
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
