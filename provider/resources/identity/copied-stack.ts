/** Recognises a renamed or copied stack: another stack has made its resources, and may still use them. */
import type { DiffResult } from "@pulumi/pulumi/dynamic";
import type { AskState } from "../../engine/engine-state";
import { wordsOf } from "../../errors";
import type { ResourceContext } from "../context";
import { type Origin, stackOf, usualNames } from "./names";
import { tellOnce } from "../context";

interface WithOrigin {
  readonly origin?: Origin;
}

/** What the last run recorded, and what this one says. */
interface TwoRuns {
  readonly olds: WithOrigin;
  readonly news: WithOrigin;
}

/** The organisation of a stack whose backend has none, or does not report it. */
const noOrganization = "organization";

const whatToDo = "take its resources out of its state (pulumi state delete) before you destroy it";

/** Warns at the first update under another name, which the inputs show. The engine then records the new name. */
export function tellOtherStack(context: Pick<ResourceContext, "warn">, { olds, news }: TwoRuns): void {
  const [before, now] = [stackIn(olds), stackIn(news)];
  if (before === undefined || now === undefined || before === now) return;
  tellOnce(
    context,
    `stack ${before}`,
    `the resources of this stack (${now}) were made by the stack ${before}. If it was renamed, nothing is wrong. If it is a copy, ${whatToDo}: a destroy, and every replacement, revokes keys that ${before} still uses`,
  );
}

/**
 * True if the record still names another stack. An update records the new name ({@link withStack}): a deletion sees only
 * the record, and must distinguish a later copy of this stack from the stack itself.
 */
export function recordsOtherStack(context: Pick<ResourceContext, "warn">, { olds, news }: TwoRuns): boolean {
  const [before, now] = [stackIn(olds), stackIn(news)];
  if (before === undefined || now === undefined || sameStack(before, now)) return false;
  // The plugin's inputs do not name their stack.
  tellOtherStack(context, { olds, news });
  return true;
}

/** The answer of `diff` if only that name changes. `inInputs`: the inputs differ too, and the engine lists them. */
export function stackRecorded(inInputs: boolean): DiffResult {
  return { replaces: [], ...(inInputs ? {} : { changes: true }) };
}

/** The engine does not tell a plugin the organisation, so a stack that moves to the plugin gets the default one. */
function sameStack(before: string, now: string): boolean {
  if (before === now) return true;
  const [[a, ...stackBefore], [b, ...stackNow]] = [before.split("/"), now.split("/")];
  return [a, b].includes(noOrganization) && stackBefore.join("/") === stackNow.join("/");
}

type Asking = Pick<ResourceContext, "warn"> & { readonly askState?: AskState };
type Recorded = WithOrigin & { readonly physicalName?: string };

/** Warns of a deletion by a copy: the state of the stack that made the object still contains it. */
export async function tellOfCopy(context: Asking, props: Recorded): Promise<void> {
  const stack = stackIn(props);
  if (stack === undefined) return;
  try {
    if (!(await isHeldBy(stack, context, props))) return;
  } catch (error) {
    context.warn(`whether the stack ${stack} still uses what is deleted now cannot be told: ${wordsOf(error)}`);
    return;
  }
  tellOnce(
    context,
    `copy of ${stack}`,
    `this deletes what the stack ${stack} has in its state (first of all ${props.physicalName}), and that stack is not being updated now: this seems to be a copy of it. Run "pulumi up" there, which makes new keys; with the next copy, ${whatToDo}`,
  );
}

/** The record after an update. While the stack that made the object still has it, the record keeps that stack's name. */
export async function withStack<Outputs extends Recorded>(
  context: Asking,
  { olds, outs }: { readonly olds: Recorded; readonly outs: Outputs },
): Promise<Outputs> {
  const [before, now] = [stackIn(olds), stackIn(outs)];
  if (before === undefined || now === undefined || sameStack(before, now)) return outs;
  const isCopy = await isHeldBy(before, context, olds).catch(() => true);
  return isCopy ? { ...outs, origin: olds.origin } : outs;
}

/** True if another stack has the object in its state. A stack that is being updated now is this one. */
async function isHeldBy(stack: string, { askState }: Asking, { physicalName = "" }: Recorded): Promise<boolean> {
  const state = askState && (await asked(askState, stack));
  if (!state || state.isChanging === true) return false;
  return [...state.names].some((name) => usualNames.isNamed(name, physicalName));
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

function stackIn({ origin }: WithOrigin): string | undefined {
  return origin === undefined ? undefined : stackOf(origin);
}
