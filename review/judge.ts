import { identify, type Identity } from "./ours";
import type { ResourceState } from "./preview-form";
import type { UnitKind } from "./resource-facts";
import type { ResourceChange } from "./stack-change";
import type { CodeText, ForeignCode } from "./units";

/** How the review treats a resource. */
export type Judgement =
  | { readonly kind: UnitKind }
  /** It may be ours, and nobody can review it. */
  | { readonly why: string }
  | { readonly code: Pick<ForeignCode, "before" | "after"> }
  | { readonly other: true };

/** Judges the old and the new state together: a resource that is ours on one side only is never dropped. */
export function judge(change: ResourceChange, providers: ReadonlyMap<string, ResourceState>): Judgement {
  const { before, after } = change;
  const old = before && identify(before);
  const next = after && identify(after, providers);
  for (const side of [next, old]) if (side?.kind === "disguised") return { why: side.why };
  if (old?.kind === "ours" || next?.kind === "ours") return judgeRead(change) ?? judgeOurs(change, old, next);
  const code = codeOf(after, next);
  return code ? { code: { before: codeOf(before, old), after: code } } : { other: true };
}

function codeOf(state: ResourceState | undefined, identity: Identity | undefined): CodeText | undefined {
  return state && identity?.kind === "code" ? { type: state.type, text: identity.text } : undefined;
}

/** A resource of another state that the program looks up. No input tells through which connection. */
function judgeRead({ isRead, after }: ResourceChange): Judgement | undefined {
  return isRead && after?.inputs.target === undefined
    ? { why: "`get` reads it with a credential that no input names; take it from its own stack with a StackReference" }
    : undefined;
}

/** At least one side is ours. */
function judgeOurs(change: ResourceChange, old: Identity | undefined, next: Identity | undefined): Judgement {
  const was = old?.kind === "ours" ? old.unit : undefined;
  const becomes = next?.kind === "ours" ? next.unit : undefined;
  if (was === undefined || becomes === undefined) {
    if (was !== undefined) return next ? { why: "it becomes another resource" } : { kind: was };
    if (becomes !== undefined) return old ? { why: "it was another resource before" } : { kind: becomes };
    return { other: true };
  }
  if (becomes !== "account" && isImported(change))
    return { why: "a key that exists already takes its place, and nobody can tell who has its secret" };
  return (was === "account") === (becomes === "account")
    ? { kind: becomes }
    : { why: "an account becomes a key, or a key becomes an account" };
}

/** A planned resource has no id yet, unless an existing one takes its place. */
function isImported({ op, before, after }: ResourceChange): boolean {
  return op === "replace" && after?.id !== undefined && after.id !== before?.id;
}
