/** A stack that was renamed or copied: its resources were made under another stack's name, which may still use them. */
import type { AskState } from "../engine-state";
import { wordsOf } from "../errors";
import type { ResourceContext } from "./context";
import { type Origin, usualNames } from "./names";
import { tellOnce } from "./tell-once";

interface WithOrigin {
  readonly origin?: Origin;
}

const whatToDo = "take its resources out of its state (pulumi state delete) before you destroy it";

/** Warns of the first update under another name. The engine then records the new one. */
export function tellOtherStack(context: Pick<ResourceContext, "warn">, olds: WithOrigin, news: WithOrigin): void {
  const [before, now] = [stackOf(olds.origin), stackOf(news.origin)];
  if (before === undefined || now === undefined || before === now) return;
  tellOnce(
    context,
    `stack ${before}`,
    `the resources of this stack (${now}) were made by the stack ${before}. If it was renamed, nothing is wrong. If it is a copy, ${whatToDo}: a destroy, and every replacement, revokes keys that ${before} still uses`,
  );
}

/**
 * Warns of a deletion by a stack that never ran under its own name: the state of the stack that made the object still
 * contains it.
 */
export async function tellOfCopy(
  context: Pick<ResourceContext, "warn"> & { readonly askState?: AskState },
  { origin, physicalName }: WithOrigin & { readonly physicalName: string },
): Promise<void> {
  const stack = stackOf(origin);
  if (stack === undefined || !context.askState) return;
  let state;
  try {
    state = await asked(context.askState, stack);
  } catch (error) {
    context.warn(`whether the stack ${stack} still uses what is deleted now cannot be told: ${wordsOf(error)}`);
    return;
  }
  const isTheirs = [...(state?.names ?? [])].some(
    (name) => usualNames.markerIn(name) === usualNames.markerIn(physicalName),
  );
  if (!state || state.isChanging === true || !isTheirs) return;
  tellOnce(
    context,
    `copy of ${stack}`,
    `this deletes what the stack ${stack} has in its state (first of all ${physicalName}), and that stack is not being changed now: this seems to be a copy of it. Run "pulumi up" there, which makes new keys; of the next copy, ${whatToDo}`,
  );
}

/** Once per process: an update holds its stack from its first deletion to its last. */
const answers = new WeakMap<AskState, Map<string, ReturnType<AskState>>>();

function asked(ask: AskState, stack: string): ReturnType<AskState> {
  const known = answers.get(ask) ?? new Map<string, ReturnType<AskState>>();
  answers.set(ask, known);
  const answer = known.get(stack) ?? ask(stack);
  known.set(stack, answer);
  return answer;
}

/** `organisation/project/stack` of an origin. */
function stackOf(origin: Origin | undefined): string | undefined {
  return origin?.split("/").slice(0, 3).join("/");
}
