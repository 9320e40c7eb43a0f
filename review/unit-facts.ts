import type { ResourceState } from "./preview-form";
import { isHidden, readFacts, type Facts } from "./resource-facts";
import type { ResourceChange } from "./stack-change";

/** The facts of one of our resources, before and after the update. */
export function factsOf({ op, before, after }: ResourceChange): { before?: Facts; after?: Facts } {
  const old = before ? readFacts(before, before.outputs) : undefined;
  if (!after) return old ? { before: old } : {};
  if (old && op === "same" && before && isSameText(before, after)) return { before: old, after: old };
  // What is made has no id yet: this one was there before.
  const isImported = op === "create" && after.id !== undefined;
  const isKept = op === "same" || op === "update";
  const planned = readFacts(after, isKept ? keptOutputs(before, after) : knownOnly(after.outputs));
  const next = isImported ? { ...planned, adopts: after.id, isLeft: !planned.revokeOnDestroy } : planned;
  return old ? { before: old, after: next } : { after: next };
}

/** A resource that stays in place keeps its old outputs, except those that the preview already knows to be new. */
function keptOutputs(before: ResourceState | undefined, after: ResourceState): ResourceState["outputs"] {
  const news = knownOnly(after.outputs);
  return news === nothing ? (before?.outputs ?? nothing) : { ...before?.outputs, ...news };
}

/** Most keys of a stack are unchanged: their old state is read only once. */
function isSameText(before: ResourceState, after: ResourceState): boolean {
  if (
    before.protect !== after.protect ||
    before.retainOnDelete !== after.retainOnDelete ||
    before.deletedWith !== after.deletedWith ||
    Object.keys(after.outputs).length > 0
  )
    return false;
  return JSON.stringify(before.inputs) === JSON.stringify(after.inputs);
}

const nothing: ResourceState["outputs"] = {};

function knownOnly(outputs: ResourceState["outputs"]): ResourceState["outputs"] {
  const entries = Object.entries(outputs);
  return entries.length === 0 ? nothing : Object.fromEntries(entries.filter(([, value]) => !isHidden(value)));
}
