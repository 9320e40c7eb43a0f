import { types } from "node:util";
import { NotFoundError, ProviderError } from "./errors";
import { aboutSecrets } from "./secrets/known-secrets";
import { redact, withoutSecrets } from "./secrets/redact";
import { logicalName } from "./resources/identity/names";
import { PartialFailure } from "./resources/lifecycle";
import { placeOf } from "./resources/identity/imported";
import type { ImportRequest, Lifecycle } from "./resources/lifecycle";
import type { RunProgress } from "./engine/run-status";
import { secretsIn } from "./secret-boundary";
import { asThrown } from "./thrown";
import { asOneOperation } from "./secrets/unseen-secret";

/**
 * Turns an error into the one that the user reads: what failed, on which connection and id, and why. The host prints
 * the stack of a thrown error. For an error that we raised on purpose, the stack would only hide the sentence that
 * matters.
 */
export function explain(error: unknown, resource: string, verb: string, about: object | undefined): Error {
  const secrets = secretsIn(about);
  const place = withoutSecrets(describePlace(resource, about), secrets);
  if (types.isNativeError(error) && error instanceof PartialFailure) {
    const reasons = error.reasons.map(
      (reason) => `cannot ${verb} ${place}: ${withoutSecrets(onceTold(reason, about), secrets)}`,
    );
    return quiet(Object.assign(new Error(reasons.join(" ")), { id: error.id, properties: error.properties, reasons }));
  }
  const thrown = asThrown(error);
  if (thrown instanceof ProviderError)
    return quiet(
      new Error(
        `cannot ${verb} ${place}: ${withoutSecrets(onceTold(thrown.message, about), secrets)}${missingAccount(thrown, verb, about)}`,
      ),
    );
  const wrapped = new Error(
    `cannot ${verb} ${place}: unexpected ${redact(thrown.name, secrets)}: ${redact(thrown.message, secrets)}. This is a fault in pulumi-apikeys or in the backend; please report it.`,
  );
  wrapped.stack = framesOf(thrown)
    .map((line) => withoutSecrets(line, secrets))
    .join("\n");
  return wrapped;
}

/** A key is made under its account, so the account is what a service does not find. */
function missingAccount(thrown: ProviderError, verb: string, about: object | undefined): string {
  const { serviceAccountId } = (about ?? {}) as { serviceAccountId?: unknown };
  return thrown instanceof NotFoundError && verb === "create" && typeof serviceAccountId === "string"
    ? ' Check "serviceAccountId": it is the accountId of a ServiceAccount, not its name.'
    : "";
}

const mostFrames = 20;

/** Where it happened. The first lines of a stack repeat the message, which may contain anything, also lines like these. */
function framesOf({ name, message, stack = "" }: Error): string[] {
  const head = `${name}: ${message}`;
  const lines = (stack.startsWith(head) ? stack.slice(head.length) : stack).split("\n");
  return lines.filter((line) => /^ +at \S/.test(line)).slice(0, mostFrames);
}

/**
 * A provider whose methods know the secrets of their resource from the start, and whose errors pass through {@link
 * explain}. `ready` returns the methods and is called for each call. `progress` counts what is done.
 */
export function withExplainedErrors<Inputs extends object, Outputs extends object>(
  resource: string,
  ready: () => Lifecycle<Inputs, Outputs>,
  progress?: Pick<RunProgress, "began" | "done">,
): Omit<Required<Lifecycle<Inputs, Outputs>>, "configure"> {
  const guarded = async <Result>(
    verb: string,
    about: readonly (object | undefined)[],
    run: () => Promise<Result> | undefined,
  ): Promise<Result> => {
    progress?.began();
    try {
      const known = () => aboutSecrets(about.flatMap(secretsIn), run);
      const result = (await asOneOperation(known, about.some(isOfLostKey))) as Result;
      progress?.done(verb);
      return result;
    } catch (error) {
      throw explain(error, resource, verb, about[0]);
    }
  };
  return {
    check: (olds, news) => guarded("check", [news, olds], () => ready().check?.(olds, news)),
    diff: (id, olds, news) => guarded("compare", [olds, news], () => ready().diff?.(id, olds, news)),
    create: (inputs) => guarded("create", [inputs], () => ready().create(inputs)),
    read: (id, props) => guarded("read", [props], () => ready().read?.(id, props)),
    update: (id, olds, news) => guarded("update", [olds, news], () => ready().update?.(id, olds, news)),
    imported: (request) => guarded("import", [placeOfImport(request)], () => ready().imported(request)),
    planned: (id, olds, news) => guarded("compare", [olds, news], () => ready().planned(id, olds, news)),
    delete: (id, props) => guarded("delete", [props], () => ready().delete?.(id, props)),
  };
}

function placeOfImport({ id, origin, secret }: ImportRequest): object {
  const { name: connection, rest: keyId } = placeOf(id);
  return { connection, keyId, origin, secret };
}

/**
 * True for a key whose create got an answer in an unknown form, and for a record with such a key: nobody has seen its
 * secret.
 */
function isOfLostKey(record: object | undefined): boolean {
  const { physicalName, accountId, lostCreates, pendingRevocations } = (record ?? {}) as Record<string, unknown>;
  const isKey = physicalName !== undefined && accountId === undefined;
  return lostCreates !== undefined || pendingRevocations !== undefined || (isKey && secretsIn(record).length === 0);
}

/** The message without the connection at its beginning, which the place names already. */
function onceTold(message: string, about: object | undefined): string {
  const named = `connection "${connectionOf(about)}": `;
  return message.startsWith(named) ? message.slice(named.length) : message;
}

function connectionOf(about: object | undefined): string {
  const { connection } = (about ?? {}) as { connection?: unknown };
  return typeof connection === "string" ? connection : "default";
}

function describePlace(resource: string, about: object | undefined): string {
  const { keyId, accountId, origin } = (about ?? {}) as {
    keyId?: unknown;
    accountId?: unknown;
    origin?: unknown;
  };
  const id = keyId ?? accountId;
  const name = typeof origin === "string" ? ` "${logicalName(origin)}"` : "";
  return `${resource}${name}${typeof id === "string" ? ` (id ${id})` : ""} on connection "${connectionOf(about)}"`;
}

function quiet<E extends Error>(error: E): E {
  error.stack = "";
  return error;
}
