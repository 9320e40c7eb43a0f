import type { OwnChange, OwnRecords } from "../store/own-records";

/** A user. The user's keys depend on the plan and the account. */
export interface UserRecord {
  readonly id: number;
  readonly plan: "free" | "paid";
  readonly deleted: boolean;
}

interface UserChange {
  readonly kind: "user";
  readonly user: UserRecord;
}

/** User 1 pays, user 2 does not. */
const SEEDED_USERS: readonly UserRecord[] = [
  { id: 1, plan: "paid", deleted: false },
  { id: 2, plan: "free", deleted: false },
];

export function userChange(user: UserRecord): UserChange {
  return { kind: "user", user };
}

/** The users, as seeded or as a test has changed them. */
export class PulseapiRecords implements OwnRecords {
  readonly #changed = new Map<number, UserRecord>();

  user(id: number): UserRecord | undefined {
    return this.#changed.get(id) ?? SEEDED_USERS.find((user) => user.id === id);
  }

  apply(change: OwnChange): boolean {
    if (change.kind !== "user") return false;
    const { user } = change as UserChange;
    this.#changed.set(user.id, user);
    return true;
  }

  *snapshot(): Generator<OwnChange> {
    for (const user of this.#changed.values()) yield userChange(user);
  }

  clear(): void {
    this.#changed.clear();
  }
}
