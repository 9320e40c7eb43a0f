/**
 * When a key was last used, and when that becomes visible. A vendor that collects uses shows them only `lagMs` after
 * the first use of a batch. The exact time is stored beside it.
 */
export interface LastUse {
  exactMs: number | null;
  /** The newest use of the last published batch. */
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

/** The time that the vendor shows: within `lagMs` of the first request, and then at most one change per `lagMs`. */
export function visibleUseMs(use: LastUse, nowMs: number, lagMs: number): number | null {
  return use.batchFirstMs !== null && nowMs >= use.batchFirstMs + lagMs ? use.exactMs : use.publishedMs;
}
