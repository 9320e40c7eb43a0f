import { sameTarget } from "./access";
import { grantText } from "./grants";
import { sameAccount } from "./key-account";
import { sha256 } from "./sha256";
import type { Side, Unit } from "./units";

/**
 * The canonical access delta: one entry for every account and key whose access this run changes, and
 * nothing else. Its SHA-256 is what a reviewer approves and what the deployment compares, so
 * unrelated changes must not move it, and one more scope, another server, another account must.
 */
export function accessDeltaOf(units: readonly Unit[]): readonly unknown[] {
  return units
    .filter(changesAccess)
    .map((unit) => {
      const { before, after } = unit;
      const { gains, loses } = unit.change;
      return {
        urn: unit.urn,
        before: before ? { ...place(before), account: account(before) } : null,
        after: after ? { ...place(after), account: account(after) } : null,
        gains: gains.map(grantText).sort(),
        loses: loses.map(grantText).sort(),
        unreadable: [...(after?.access.unreadable ?? [])].sort(),
      };
    })
    .sort((a, b) => (a.urn < b.urn ? -1 : 1));
}

export function digestOf(project: string, stack: string, delta: readonly unknown[]): string {
  // Bound to the stack: "no change" of one stack never approves another.
  const canonical = JSON.stringify({ version: 1, project, stack, delta });
  return `sha256:${sha256(canonical)}`;
}

/** True where somebody can do more or less than before, or somewhere else, or where nobody can tell. */
export function changesAccess({ before, after, change: { gains, loses } }: Unit): boolean {
  if (!before || !after) return true;
  if (gains.length > 0 || loses.length > 0 || after.access.unreadable.length > 0) return true;
  return (
    !sameTarget(before.access.target, after.access.target) ||
    before.facts.environment !== after.facts.environment ||
    !sameAccount(before.account, after.account)
  );
}

/** Where a grant holds. */
function place({ access, facts }: Side): Readonly<Record<string, string | null>> {
  return {
    backend: access.target?.backend ?? null,
    origin: access.target?.origin ?? null,
    environment: facts.environment ?? null,
  };
}

function account({ account: { id, urn } }: Side): string | null {
  return urn ?? id ?? null;
}
