import { isRecord, type ResourceState } from "./preview-form";
import { unknownValue, type UnitKind } from "./resource-facts";
import type { ResourceChange } from "./stack-change";

/**
 * In a preview every output of a dynamic resource that is updated in place is unknown. So the engine plans to replace
 * each resource that uses one of them as a replacing input. If the key behind it stays, the value turns out the same in
 * the update, and nothing is replaced. Only `keepers` are considered, because they decide no access.
 */
interface Candidate {
  readonly change: ResourceChange;
  readonly kind: UnitKind;
}

/** By URN: the resources whose unknown outputs make a replacement look planned. */
export function spuriousReplacements(candidates: readonly Candidate[]): ReadonlyMap<string, readonly string[]> {
  const before = new Map<string, ResourceState>();
  const staying = new Set<string>();
  for (const { change, kind } of candidates) {
    if (change.before) before.set(change.urn, change.before);
    if (kind !== "account" && change.op === "update" && keepsItsKey(change)) staying.add(change.urn);
  }
  const found = new Map<string, readonly string[]>();
  // A resource that will not be replaced also keeps its own outputs, and so on along a chain.
  for (let isGrowing = true; isGrowing;) {
    isGrowing = false;
    for (const { change, kind } of candidates) {
      if (kind !== "key" || change.op !== "replace" || found.has(change.urn)) continue;
      const sources = sourcesOf(change, staying, before);
      if (sources === undefined) continue;
      found.set(change.urn, sources);
      staying.add(change.urn);
      isGrowing = true;
    }
  }
  return found;
}

/** True unless the rotating key requests its next generation, and so issues one. */
function keepsItsKey({ before, after }: ResourceChange): boolean {
  if (!before || !after) return false;
  const { generation } = after.inputs;
  return generation === undefined || generation === (before.outputs.generation ?? before.inputs.generation);
}

/** Undefined if anything but such keepers differs, or if a keeper may really change. */
function sourcesOf(
  { before, after, replaceReasons }: ResourceChange,
  staying: ReadonlySet<string>,
  states: ReadonlyMap<string, ResourceState>,
): readonly string[] | undefined {
  if (!before || !after || replaceReasons.length !== 1 || replaceReasons[0] !== "keepers") return undefined;
  // If it were replaced after all, the old key would keep working: do not guess here.
  if (before.retainOnDelete || before.deletedWith !== undefined) return undefined;
  const sources = after.propertyDependencies.keepers ?? [];
  if (sources.length === 0 || !sources.every((urn) => staying.has(urn))) return undefined;
  const old = asRecord(before.inputs.keepers);
  const next = asRecord(after.inputs.keepers);
  if (!old || !next || Object.keys(old).length !== Object.keys(next).length) return undefined;
  const given = new Set(sources.flatMap((urn) => Object.values(states.get(urn)?.outputs ?? {})));
  const stays = Object.entries(next).every(([name, value]) =>
    value === unknownValue ? old[name] !== undefined && given.has(old[name]) : value === old[name],
  );
  return stays && sameButKeepers(before, after) ? sources : undefined;
}

function sameButKeepers(before: ResourceState, after: ResourceState): boolean {
  const rest = ({ inputs }: ResourceState): string =>
    JSON.stringify(
      Object.entries(inputs)
        .filter(([name]) => name !== "keepers" && name !== "target")
        .sort(),
    );
  return rest(before) === rest(after);
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return isRecord(value) ? value : undefined;
}
