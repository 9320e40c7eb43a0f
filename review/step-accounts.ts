import type { ChangeSummary, PreviewStep, ResourceState } from "./preview-form";
import { parseUrn } from "./urn";

/**
 * A preview is trusted only if it adds up: the engine counts what it plans, each resource has one plan, and a step has
 * the states that it mentions. The engine leaves out a state that it cannot write.
 */

/** Counted in the change summary, once per resource. */
const counted = ["same", "create", "update", "delete", "replace", "import", "discard", "read"] as const;
/** Parts of a replacement, leftovers and refreshes. The engine does not count them. */
const uncounted: ReadonlySet<string> = new Set([
  "create-replacement",
  "delete-replaced",
  "read-replacement",
  "import-replacement",
  "discard-replaced",
  "remove-pending-replace",
  "refresh",
]);
const isCounted = (op: string): boolean => (counted as readonly string[]).includes(op);

const withNew: ReadonlySet<string> = new Set([
  ...["same", "create", "update", "replace", "create-replacement"],
  ...["import", "import-replacement", "read", "read-replacement"],
]);
const withOld: ReadonlySet<string> = new Set([
  ...["same", "update", "replace", "create-replacement", "import-replacement", "read-replacement"],
  ...["delete", "delete-replaced", "discard", "discard-replaced", "remove-pending-replace", "refresh"],
]);

/** Why the steps do not match the engine's plan. Empty: they add up. Our own words only. */
export function unaccountedSteps(steps: readonly PreviewStep[], summary: ChangeSummary): string[] {
  return [...new Set([...steps.flatMap(problemsOf), ...ofSeveralStacks(steps), ...miscounted(steps, summary)])];
}

function problemsOf(step: PreviewStep): string[] {
  const { op, oldState, newState } = step;
  const problems: string[] = [];
  if (!isCounted(op) && !uncounted.has(op)) problems.push("The preview has a step of a kind that is not known.");
  if ((withNew.has(op) && !newState) || (withOld.has(op) && !oldState))
    problems.push("A step of the preview lacks a state that belongs to it.");
  if (disagrees(step)) problems.push("A step of the preview speaks of another resource than its states.");
  if (isLeftOut(step))
    problems.push(
      "A resource stands in the preview as it is in the state, whatever the program says of it: review `pulumi preview --json --show-sames` without `--target` and `--exclude`.",
    );
  return problems;
}

/** A preview is about one stack, which gives the report its name. */
function ofSeveralStacks(steps: readonly PreviewStep[]): string[] {
  const parts = steps.map(({ urn }) => parseUrn(urn));
  const stacks = new Set(parts.map((urn) => JSON.stringify([urn?.stack, urn?.project])));
  return stacks.size > 1 || parts.includes(undefined)
    ? ["The preview has steps of more than one stack or project, or of something that is no resource."]
    : [];
}

function miscounted(steps: readonly PreviewStep[], summary: ChangeSummary): string[] {
  const problems: string[] = [];
  const found = new Map<string, number>();
  for (const plan of Map.groupBy(
    steps.filter(({ op }) => isCounted(op)),
    ({ urn }) => urn,
  ).values()) {
    const planned = withoutRefresh(plan);
    if (planned.length > 1) problems.push("The preview has more than one plan for one resource.");
    for (const { op } of planned) found.set(op, (found.get(op) ?? 0) + 1);
  }
  for (const op of counted) {
    const [has, said] = [found.get(op) ?? 0, summary[op] ?? 0];
    if (differs(op, has, said)) problems.push(`The preview counts ${said} "${op}" and has ${has}.`);
  }
  if (Object.entries(summary).some(([op, said]) => said !== 0 && !isCounted(op)))
    problems.push("The preview counts steps of a kind that is not known.");
  return problems;
}

/** With `--refresh` the engine first reports what the service has, and does not count it. */
function withoutRefresh(plan: readonly PreviewStep[]): readonly PreviewStep[] {
  const [first, second] = plan;
  return first && second && plan.length === 2 && isFoundByRefresh(first) ? [second] : plan;
}

/**
 * Without `--show-sames` unchanged resources are left out, which has its own message; resources that are only read
 * count if they differ.
 */
function differs(op: (typeof counted)[number], has: number, said: number): boolean {
  if (op === "same") return has > said;
  return op === "read" ? has < said : has !== said;
}

/** A step that a refresh found: the resource as it is, with the id that a planned resource does not have yet. */
function isFoundByRefresh({ op, oldState, newState }: PreviewStep): boolean {
  return op === "delete" || (op === "update" && newState?.id !== undefined && newState.id === oldState?.id);
}

/** What the program asks for has no outputs yet. With `--target` the engine shows all other resources as recorded. */
function isLeftOut({ op, newState }: PreviewStep): boolean {
  return op === "same" && newState !== undefined && Object.keys(newState.outputs).length > 0;
}

function disagrees({ urn, oldState, newState }: PreviewStep): boolean {
  if (newState ? newState.urn !== urn : oldState !== undefined && oldState.urn !== urn) return true;
  return [oldState, newState].some((state) => state !== undefined && !hasItsType(state));
}

function hasItsType({ urn, type }: ResourceState): boolean {
  const parts = parseUrn(urn);
  return parts === undefined || parts.type === type;
}
