import { Refusal, type Answer } from "./answer";
import { InvalidField } from "./fields";
import type { Route, Router } from "./router";
import type { Call } from "./service";

/** A vendor's errors for failures outside a route's own answers. */
export interface Dialect {
  readonly problem: (status: number, message: string) => Answer;
  readonly invalid: (error: InvalidField) => Answer;
}

/** Runs a route. An error that it throws on purpose becomes the vendor's answer. */
export function answering(dialect: Dialect, work: () => Answer): Answer {
  try {
    return work();
  } catch (error) {
    if (error instanceof Refusal) return error.answer;
    if (error instanceof InvalidField) return dialect.invalid(error);
    throw error;
  }
}

/** The handler of a call, and the parameters in its path. An unknown path is a 404 for every caller. */
export function findRoute<Handler>(router: Router<Handler>, dialect: Dialect, call: Call): Route<Handler> {
  const found = router.match(call.method, call.path);
  if ("handler" in found) return found;
  if (found.allow.length === 0) throw new Refusal(dialect.problem(404, `There is no ${call.path}.`));
  const allow = found.allow.join(", ");
  throw new Refusal({ ...dialect.problem(405, `The methods are ${allow}.`), headers: { Allow: allow } });
}
