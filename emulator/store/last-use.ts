/**
 * When a key was last used, and when others get to know. A vendor that collects uses shows them only
 * `lagMs` after the first one of a batch; the exact time is kept beside it.
 */
export interface LastUse {
  exactMs: number | null;
  /** The newest use of the last batch that has been published. */
  publishedMs: number | null;
  /** First use of the batch that is not published yet. */
  batchFirstMs: number | null;
}

export const neverUsed = (): LastUse => ({ exactMs: null, publishedMs: null, batchFirstMs: null });

export function recordUse(use: LastUse, nowMs: number, lagMs: number): void {
  if (use.batchFirstMs === null || nowMs >= use.batchFirstMs + lagMs) {
    use.publishedMs = use.exactMs;
    use.batchFirstMs = nowMs;
  }
  use.exactMs = nowMs;
}

/** What the vendor shows: within `lagMs` of the first request, and then at most one change per `lagMs`. */
export function visibleUseMs(use: LastUse, nowMs: number, lagMs: number): number | null {
  return use.batchFirstMs !== null && nowMs >= use.batchFirstMs + lagMs ? use.exactMs : use.publishedMs;
}
