/** What every resource does in the same way: how a check begins, what a preview compares by, and how a refresh reads. */
import type { CheckFailure } from "@pulumi/pulumi/dynamic";
import type { Connection, ConnectionFacts } from "../connections/connections";
import { ApiError, ConfigError, ConnectionError, InputError, ProviderError } from "../errors";
import { kindOf } from "../secrets/redact";
import { isUnknown } from "../values/wire";
import type { Failures } from "./checks/failures";
import { checkShape } from "./checks/shape";
import { validateKey } from "./checks/validation";
import { type ResourceContext, tellOnce } from "./context";
import { checkedInputs, except, type Fields, handedBack, shapeOf } from "./fields/field";
import type { KeyInputs } from "./fields/key-fields";
import { withoutSpentSecret } from "./identity/adopted";
import { tellOtherStack } from "./identity/copied-stack";
import { assertSameTarget, checkPath, openRecordedForRefresh, type Recorded } from "./identity/target";

/** The inputs of a run beside those of the last update, and what is wrong with them so far. */
export interface CheckedInputs<Inputs> {
  readonly olds: Partial<Inputs>;
  readonly news: Inputs;
  readonly failures: Failures;
}

/** What the checks that follow need. */
export interface Begun {
  /** The inputs of this package's own that `ignoreChanges` handed back. */
  readonly ignored: readonly string[];
  readonly connection: string;
  /** Undefined where the connection is not known, or its configuration is wrong. */
  readonly facts: ConnectionFacts | undefined;
}

type EveryInput = Pick<KeyInputs, "origin" | "target" | "connection">;

/** Checks the form of the inputs, and where their connection leads. */
export function beginCheck(
  context: ResourceContext,
  fields: Fields,
  { olds, news, failures }: CheckedInputs<EveryInput>,
): Begun {
  tellOtherStack(context, { olds, news });
  const ignored = handedBack(fields, { olds, news });
  checkShape(shapeOf(fields), except(ignored, news), failures);
  const connection = (news.connection as string | undefined) ?? "default";
  const facts = describeForCheck(context, connection, failures);
  checkPath(context, olds, { facts, failures });
  return { ignored, connection, facts };
}

/** The inputs of a key in their canonical form, after the checks of every field and of the backend. */
export function checkedKey(
  fields: Fields,
  { olds, news, failures }: CheckedInputs<KeyInputs>,
  { connection, facts }: Begun,
): Readonly<Record<string, unknown>> {
  if (!facts) return { ...news, connection };
  const given = { ...withoutSpentSecret(olds, news), connection };
  const inputs = checkedInputs(fields, { news: given, facts, failures });
  validateKey({ news: inputs, facts, failures });
  return inputs;
}

/** A connection's facts for `check`: a wrong configuration is a failure of the input `connection`. */
function describeForCheck(
  { connections }: ResourceContext,
  name: unknown,
  failures: Failures,
): ConnectionFacts | undefined {
  if (isUnknown(name)) return undefined;
  if (typeof name !== "string" || name === "") {
    failures.add(
      "connection",
      `"connection" is ${kindOf(name)}; write the name of a connection, or leave it out for "default"`,
    );
    return undefined;
  }
  try {
    return connections.describe(name);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    failures.add("connection", error.message);
    return undefined;
  }
}

/** What `check` answers. */
export function checkAnswer<Inputs>(inputs: Inputs, failures: Failures): { inputs: Inputs; failures: CheckFailure[] } {
  return { inputs, failures: failures.list };
}

/**
 * What a preview compares the record by.
 *
 * @throws ConfigError - the connection leads to another service than the record
 */
export function factsToCompare(
  { connections }: ResourceContext,
  { olds, news }: { readonly olds: Recorded; readonly news: Pick<KeyInputs, "connection"> },
): ConnectionFacts {
  const facts = connections.describe(isUnknown(news.connection) ? olds.connection : news.connection);
  assertSameTarget(facts, olds);
  return facts;
}

interface Reading<Answer> {
  /** What is read, for the warning: `the key "ci"`. */
  readonly what: string;
  readonly read: (connection: Connection) => Promise<Answer>;
  /** What the record alone says. */
  readonly kept: (connection: Connection) => Answer;
}

/**
 * The result of `read`, or the recorded state if the service cannot tell, so that one service's failure does not stop
 * the keys of others. A wrong configuration stays an error, because it would make every read useless.
 */
export async function readOrKeep<Answer>(
  context: ResourceContext,
  recorded: Recorded,
  { what, read, kept }: Reading<Answer>,
): Promise<Answer> {
  const where = openRecordedForRefresh(context, recorded);
  try {
    return await read(where);
  } catch (error) {
    if (!(error instanceof ProviderError) || error instanceof ConfigError || error instanceof InputError) throw error;
    const isOfService = error instanceof ApiError || error instanceof ConnectionError;
    const { name: connection } = where;
    tellOnce(
      context,
      isOfService ? `connection ${connection}` : error.message,
      isOfService
        ? `the connection "${connection}" could not be read, so what the state says of its keys and accounts stands, unproven (first of all ${what}: ${error.message}) Run "pulumi refresh" when the service answers again`
        : `${what} could not be read, so what the state says of it stands, unproven: ${error.message}`,
    );
    return kept(where);
  }
}
