import { formatTime, parseTime } from "../provider/values/times";
import { exactText } from "./exact-text";
import { inert, quoted, quotedList } from "./inert";
import type { KeyExtras, ReportKey } from "./report";
import type { Facts } from "./resource-facts";
import type { ChangeOp } from "./stack-change";
import { isKey, type Unit } from "./units";
import { nameOf, urnInsideStack } from "./urn";

type KeyOp = ReportKey["op"];

/** What this run does to each key, by the key's URN in a report. */
export function keyChanges(
  units: readonly Unit[],
  ops: ReadonlyMap<string, ChangeOp>,
  knowsConsumers: boolean,
): Map<string, KeyExtras> {
  return new Map(
    units.filter(isKey).map((unit) => {
      const op = keyOp(unit);
      const reason = isOnlyUnsettled(unit, op, ops)
        ? "its account is updated, so `serviceAccountId` is not known before the update; it may well stay"
        : reasonOf(unit, op);
      const consumers = (unit.after ?? unit.before)?.consumers ?? [];
      return [
        exactText(unit.urn),
        {
          op,
          reason,
          order: unit.order,
          ...lifeOf(unit, op),
          oldValidUntil: leavesOldKey(op) ? endOfOldKey(unit, op) : null,
          consumers: consumers.map(exactText),
          // An in-place update marks consumers as changing too, although they get the same key again.
          updatedConsumers: leavesOldKey(op) && knowsConsumers ? updatedOf(unit.after?.consumers ?? [], ops) : null,
        },
      ];
    }),
  );
}

function updatedOf(consumers: readonly string[], ops: ReadonlyMap<string, ChangeOp>): number {
  return consumers.filter((urn) => (ops.get(urn) ?? "same") !== "same").length;
}

/** The recorded times of a key. A key that this run makes has none yet: the old key's age is not its own. */
function lifeOf(unit: Unit, op: KeyOp): Pick<KeyExtras, "createdAt" | "expiresAt" | "nextRotationAt"> {
  if (op === "create" || leavesOldKey(op)) return { createdAt: null, expiresAt: null, nextRotationAt: null };
  const { createdAt, actualExpiresAt, nextRotationAt } = (unit.after ?? unit.before)?.facts ?? {};
  return {
    createdAt: timeText(createdAt),
    expiresAt: timeText(actualExpiresAt),
    nextRotationAt: nextRotationAt === undefined ? null : inert(nextRotationAt),
  };
}

function timeText(value: string | undefined): string | null {
  const ms = parseTime(value);
  return typeof ms === "number" ? formatTime(ms) : null;
}

/** True if the run makes a new key for a resource that had one. */
export function replacesKey(unit: Unit): boolean {
  return leavesOldKey(keyOp(unit));
}

function leavesOldKey(op: KeyOp): op is "replace" | "rotate" {
  return op === "replace" || op === "rotate";
}

/** While an account is updated in place, its id counts as unknown, and the engine shows its keys as replaced. */
function isOnlyUnsettled(
  { after, before, replaceReasons }: Unit,
  op: KeyOp,
  ops: ReadonlyMap<string, ChangeOp>,
): boolean {
  if (op !== "replace" || replaceReasons.length !== 1 || replaceReasons[0] !== "serviceAccountId") return false;
  return (
    after?.account.urn !== undefined &&
    after.account.urn === before?.account.urn &&
    ops.get(after.account.urn) === "update"
  );
}

function keyOp({ op, kind, before, after, movedFrom }: Unit): KeyOp {
  if (op !== "same" && op !== "update") return op;
  const isRotating = kind === "rotatingKey" && op === "update" && before && after;
  if (isRotating && rotates(before.facts, after.facts)) return "rotate";
  return movedFrom === undefined ? op : "move";
}

/** True if an update of a rotating key makes its next key. */
export function rotates(before: Facts, after: Facts): boolean {
  const done = before.generation ?? before.requestedGeneration;
  const asked = after.requestedGeneration;
  if (done !== undefined && asked !== undefined) return asked > done;
  // If the preview has no request, the inputs that always lead to a new key decide.
  const deciding = ({ scopes, options, keepers, expiresIn, emergency }: Facts): string =>
    JSON.stringify([scopes, options, keepers, expiresIn, emergency]);
  return deciding(before) !== deciding(after);
}

function reasonOf(unit: Unit, op: KeyOp): string {
  switch (op) {
    case "create":
      return unit.after?.facts.adopts === undefined
        ? "new"
        : `takes over ${quoted(unit.after.facts.adopts)}, which is there`;
    case "same":
      return "";
    case "move":
      return `was ${quoted(urnInsideStack(unit.movedFrom ?? ""), 200)}`;
    case "delete":
      return unit.staysAlive === undefined
        ? "removed from the program"
        : `removed from the program, and stays alive (${quoted(unit.staysAlive)})`;
    default:
      return keptReason(unit) ?? askedReason(unit, op) ?? endedReason(unit, op) ?? changeReason(unit, op);
  }
}

function keptReason({ keptDespite }: Unit): string | undefined {
  return (
    keptDespite &&
    `planned as replaced, which will not happen: its \`keepers\` come from ${quotedList(keptDespite.map(nameOf), 3)}, whose key this run keeps`
  );
}

/** The reason that `check` gives for the rotation or the replacement it requests. */
function askedReason({ before, after }: Unit, op: KeyOp): string | undefined {
  const replaced = op === "replace" ? after?.facts.replacementReason : undefined;
  if (replaced !== undefined) return quoted(replaced, 160);
  const asked = after?.facts.requestedReason;
  const isNews = op === "rotate" || (op === "update" && asked !== before?.facts.requestedReason);
  return asked !== undefined && isNews ? quoted(asked, 160) : undefined;
}

function endedReason({ before, after }: Unit, op: KeyOp): string | undefined {
  const status = before?.facts.status;
  return op === "replace" && status !== undefined && status !== after?.facts.status
    ? `the service says that it is ${quoted(status)}`
    : undefined;
}

function changeReason(unit: Unit, op: KeyOp): string {
  const said = (op === "replace" ? unit.replaceReasons : []).filter((name) => name !== "__provider");
  const changed = said.length > 0 ? said : changedFacts(unit);
  if (changed.length > 0) return `${quotedList(changed)} changed`;
  if (op === "update" && unit.kind === "rotatingKey")
    return "work that only the key's record shows, such as an old key still to be revoked";
  return op === "replace"
    ? "asked for from outside the program (`--target-replace`, taint), or not said by the preview"
    : "details changed";
}

/** For previews without reasons: our own comparison of the inputs that can cause a replacement. */
function changedFacts({ before, after, diffReasons }: Unit): string[] {
  const said = diffReasons.filter((name) => name !== "__provider");
  if (said.length > 0) return said;
  if (!before || !after) return [];
  const pairs: [string, unknown, unknown][] = [
    ["scopes", before.facts.scopes, after.facts.scopes],
    ["role", before.facts.role, after.facts.role],
    ["serviceAccountId", before.facts.serviceAccountId, after.facts.serviceAccountId],
    ["options", before.facts.options, after.facts.options],
    ["environment", before.facts.environment, after.facts.environment],
    ["connection", before.facts.connection, after.facts.connection],
    ["keepers", before.facts.keepers, after.facts.keepers],
    ["emergency", before.facts.emergency, after.facts.emergency],
    ["expiresAt", before.facts.expiresAt, after.facts.expiresAt],
    ["expiresIn", before.facts.expiresIn, after.facts.expiresIn],
    ["rotateEvery", before.facts.rotateEvery, after.facts.rotateEvery],
  ];
  return pairs.filter(([, old, next]) => JSON.stringify(old) !== JSON.stringify(next)).map(([name]) => name);
}

/** The date on which the old key ends, or what happens to it in words. */
function endOfOldKey(unit: Unit, op: KeyOp): string {
  const { before } = unit;
  if (op === "replace") {
    if (before?.facts.retainOnDelete) return "stays alive until its own expiry, because of `retainOnDelete`";
    if (before?.facts.status !== undefined && before.facts.status !== "active") return "is over already";
    if (unit.order === "delete-before-create") return "ends first, before the new key exists";
    // The plain digest does not say which comes first.
    return unit.order === "create-before-delete" ? "ends when this update ends" : "ends during this update";
  }
  const end = retirement(unit);
  if (end === undefined) return "ends during this update";
  const own = parseTime(before?.facts.actualExpiresAt);
  const date = formatTime(typeof own === "number" ? Math.min(own, end.ms) : end.ms).slice(0, 10);
  return end.latest ? `${date} at the latest, once the new one is in use` : date;
}

/** When the previous key ends after a rotation; undefined if it ends at once. */
function retirement({ after }: Unit): { readonly ms: number; readonly latest: boolean } | undefined {
  const until = parseTime(after?.facts.retireUntil);
  if (typeof until === "number") return { ms: until, latest: true };
  const end = parseTime(after?.facts.retireAfter);
  return typeof end === "number" ? { ms: end, latest: false } : undefined;
}

/** True if a rotation of this run leaves no time in which both keys work. */
export function rotatesWithoutOverlap(unit: Unit): boolean {
  return (
    keyOp(unit) === "rotate" && unit.after?.facts.requestedGeneration !== undefined && retirement(unit) === undefined
  );
}
