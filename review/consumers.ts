import type { ResourceState } from "./preview-form";
import type { ResourceChange } from "./stack-change";

/** The users of each key. A component counts only if none of its own resources already counts. */
export function consumerIndex(
  changes: readonly ResourceChange[],
  known: readonly ResourceChange[],
  at: "before" | "after",
): Map<string, string[]> {
  const ours = new Set(known.map((change) => change[at]?.urn));
  const states = new Map<string, ResourceState>();
  for (const change of changes) {
    const state = change[at];
    if (state) states.set(state.urn, state);
  }
  const users = new Map<string, Set<string>>();
  for (const state of states.values()) {
    for (const name of Object.keys(state.propertyDependencies)) {
      for (const urn of state.propertyDependencies[name] ?? []) {
        if (!ours.has(urn)) continue;
        const set = users.get(urn);
        if (set) set.add(state.urn);
        else users.set(urn, new Set([state.urn]));
      }
    }
  }
  const index = new Map<string, string[]>();
  for (const [urn, set] of users) {
    const inner = new Set<string>();
    for (const user of set) {
      for (
        let parent = states.get(user)?.parent;
        parent !== undefined && !inner.has(parent);
        parent = states.get(parent)?.parent
      ) {
        inner.add(parent);
      }
    }
    index.set(urn, [...set].filter((user) => !(inner.has(user) && states.get(user)?.custom === false)).sort());
  }
  return index;
}
