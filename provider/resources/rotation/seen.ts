/** What one update of a rotating key has learned and done so far. */
import type { Aim, Issue } from "./due-issue";
import type { KeyRing } from "./key-ring";
import { notRetiredFirst } from "./words";

/** How far an update has come, and what it works towards. */
export interface Progress {
  readonly ring: KeyRing;
  readonly seen: Seen;
  readonly aim: Aim;
}

/** What one update has learned and done so far; a preview has seen nothing. */
export interface Seen {
  /** The current key, as it was read in this update. */
  readonly current: "unseen" | "works" | "broken" | "unread";
  readonly lastUsedAt?: string;
  /** The issue that follows because the current key does not work. */
  readonly repair?: Issue;
  /**
   * Set if an earlier run was interrupted after the service's own rotation: the new secret is unknown, and the recorded
   * one works until this time. RFC 3339 UTC.
   */
  readonly recordedWorksUntil?: string;
  /** True if the current key exists on the service, whatever its secret. */
  readonly stillThere?: boolean;
  readonly searched: boolean;
  /** Ids of keys that this update does not try to revoke (again): it has failed once, or they wait for the next update. */
  readonly refused: ReadonlySet<string>;
  /** True after the service was asked about the previous key's use. */
  readonly asked: boolean;
  /** Why the previous key may go before its latest end. */
  readonly unused?: string;
  /** True if a key was retired because its time was over. */
  readonly retired: boolean;
  /** True if keys are revoked to make room for a new one. */
  readonly makesRoom: boolean;
  /** What the reason says about an overlap that was cut. */
  readonly remarks: readonly string[];
  readonly issued?: Issue;
  readonly waited: boolean;
  /** What the status of an emergency says about each older key. */
  readonly told: readonly string[];
  readonly changed?: "done" | "failed";
  readonly endTried: boolean;
  /** What could not be done, in sentences. Empty = all is well. */
  readonly problems: readonly string[];
  /** Why there is no new key: the update ends here. */
  readonly failure?: string;
}

export const nothingSeen: Seen = {
  current: "unseen",
  searched: false,
  refused: new Set(),
  asked: false,
  retired: false,
  makesRoom: false,
  remarks: [],
  waited: false,
  told: [],
  endTried: false,
  problems: [],
};

/**
 * Adds a problem. `room`: the failed work should only have made room for the new key, so the reason does not mention it.
 */
export function withProblem(seen: Seen, problem: string, room = false): Seen {
  const isFirst = !room && !seen.remarks.includes(notRetiredFirst);
  return {
    ...seen,
    problems: [...seen.problems, problem],
    remarks: isFirst ? [...seen.remarks, notRetiredFirst] : seen.remarks,
  };
}
