import type { Preview } from "./preview";
import type { PreviewStep, ResourceState } from "./preview-form";

/** What happens to one resource, in any number of engine steps. */
export interface ResourceChange {
  readonly urn: string;
  readonly op: ChangeOp;
  readonly order: ReplaceOrder;
  readonly before?: ResourceState | undefined;
  readonly after?: ResourceState | undefined;
  readonly diffReasons: readonly string[];
  readonly replaceReasons: readonly string[];
  /** Replaced originals that an earlier update left behind and this one deletes. */
  readonly leftovers: readonly ResourceState[];
  /** A refresh in the same preview found it with other inputs than the state has. `before` is what was found. */
  readonly isDrifted?: true | undefined;
  /** The program only reads it (`get`). */
  readonly isRead?: true | undefined;
}

export type ChangeOp = "same" | "create" | "update" | "replace" | "delete";
/** `unknown`: replaced, but the preview has only one step for it (no `--show-replacement-steps`). */
export type ReplaceOrder = "none" | "create-before-delete" | "delete-before-create" | "unknown";

const replacing = new Set([
  "replace",
  "create-replacement",
  "delete-replaced",
  "import-replacement",
  "read-replacement",
]);
const removing = new Set(["delete", "delete-replaced", "discard", "discard-replaced", "read-discard"]);

/** One change per resource, in the order in which the engine first names it. */
export function resourceChanges(preview: Preview): ResourceChange[] {
  const byUrn = new Map<string, PreviewStep[]>();
  for (const step of preview.steps) {
    const steps = byUrn.get(step.urn);
    if (steps) steps.push(step);
    else byUrn.set(step.urn, [step]);
  }
  return [...byUrn].map(([urn, steps]) => oneChange(urn, steps));
}

function oneChange(urn: string, all: readonly PreviewStep[]): ResourceChange {
  const [only] = all;
  if (only?.op === "same" && all.length === 1 && only.oldState && only.newState)
    return untouched(only, only.oldState, only.newState);
  const leftovers = leftoversIn(all);
  const own = all.filter((step) => !leftovers.includes(step));
  const current = planned(own);
  // What is imported was not in the state.
  const before = current.find(({ oldState, op }) => oldState && op !== "import")?.oldState;
  const after = ends(current)
    ? undefined
    : current.findLast(({ op, newState }) => newState && !removing.has(op))?.newState;
  const op = changeOp(current, before, after);
  return {
    urn,
    op,
    order: op === "replace" ? replaceOrder(current) : "none",
    before,
    after,
    diffReasons: unique(current.flatMap(({ diffReasons }) => diffReasons)),
    replaceReasons: unique(current.flatMap(({ replaceReasons }) => replaceReasons)),
    leftovers: leftovers.flatMap(({ oldState }) => oldState ?? []),
    isDrifted: drifted(own.find(({ oldState }) => oldState)?.oldState, before),
    isRead: current.some(({ op: kind }) => kind === "read" || kind === "read-replacement") ? true : undefined,
  };
}

/** The original of the current replacement is marked for deletion as well; a leftover has another id. */
function leftoversIn(steps: readonly PreviewStep[]): readonly PreviewStep[] {
  const replaced = steps.find(({ op }) => op === "create-replacement" || op === "replace")?.oldState?.id;
  return steps.filter(
    ({ oldState, op }) => removing.has(op) && oldState?.pendingDelete === true && oldState.id !== replaced,
  );
}

/** True for a delete that is not part of a replacement and after which nothing is made. */
function ends(steps: readonly PreviewStep[]): boolean {
  const last = steps.at(-1);
  return last !== undefined && removing.has(last.op) && !steps.some(({ op }) => makes(op));
}

/**
 * With `--refresh` the steps name a resource twice: first what the service says of it now, then what will be done. The
 * second counts, and starts from what the first found.
 */
function planned(steps: readonly PreviewStep[]): readonly PreviewStep[] {
  let start = steps.length - 1;
  const opAt = (index: number): string => steps[index]?.op ?? "";
  if (replacing.has(opAt(start))) while (replacing.has(opAt(start - 1))) start -= 1;
  // Gone from the service, and made again.
  else if (opAt(start) === "create" && opAt(start - 1) === "delete") start -= 1;
  return steps.slice(Math.max(0, start));
}

function drifted(recorded: ResourceState | undefined, found: ResourceState | undefined): true | undefined {
  if (!recorded || !found || recorded === found) return undefined;
  return JSON.stringify(recorded.inputs) === JSON.stringify(found.inputs) ? undefined : true;
}

/** The change of an unchanged resource, as most are in most previews. */
function untouched({ urn }: PreviewStep, before: ResourceState, after: ResourceState): ResourceChange {
  return {
    urn,
    op: "same",
    order: "none",
    before,
    after,
    diffReasons: [],
    replaceReasons: [],
    leftovers: [],
  };
}

function changeOp(
  steps: readonly PreviewStep[],
  before: ResourceState | undefined,
  after: ResourceState | undefined,
): ChangeOp {
  if (!after) return "delete";
  if (!before) return "create";
  if (steps.some(({ op }) => replacing.has(op) || op === "create")) return "replace";
  return steps.some(({ op }) => op === "update") ? "update" : "same";
}

function replaceOrder(steps: readonly PreviewStep[]): ReplaceOrder {
  const made = steps.findIndex(
    ({ op }) => op === "create-replacement" || op === "create" || op === "import-replacement",
  );
  const gone = steps.findIndex(({ op }) => op === "delete-replaced" || op === "delete");
  if (made < 0 || gone < 0) return "unknown";
  return gone < made ? "delete-before-create" : "create-before-delete";
}

function makes(op: string): boolean {
  return op === "create" || (replacing.has(op) && op !== "delete-replaced");
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
