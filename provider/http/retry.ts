/** How one attempt ended, for the decision whether to send again. */
export type Attempt =
  | { readonly kind: "answered"; readonly status: number; readonly retryAfterMs?: number }
  /** No complete answer. `sent: false`: the service never saw the request. */
  | { readonly kind: "broken"; readonly sent: boolean; readonly permanent?: boolean };

export interface RetryFacts {
  readonly attempt: Attempt;
  /** Attempts made so far, this one included. */
  readonly attempts: number;
  /** Repeating the call has the same effect as making it once. */
  readonly idempotent: boolean;
  /** Milliseconds since the first attempt began. */
  readonly elapsedMs: number;
  /** Time limit of all attempts and waits together, in milliseconds. */
  readonly budgetMs: number;
  /** In [0, 1): full jitter. */
  readonly random: number;
  /**
   * The connection's pace holds all requests back while the service refuses them for its rate limit. It does so for this
   * long at most, in milliseconds. Left out: there is none.
   */
  readonly pacedWaitMs?: number | undefined;
}

export type RetryDecision =
  { readonly again: true; readonly delayMs: number } | { readonly again: false; readonly why: string };

const firstDelayMs = 250;
const longestDelayMs = 15_000;
/** A refused connection is usually a wrong URL: worth a few tries, not a minute. */
const refusedAttempts = 4;
/** After so many obeyed waits, a further refusal means that the limit is never renewed. */
const limitedAttempts = { asked: 4, unasked: 10 } as const;

/** Decides whether a request is sent again. No other place does. */
export function decideRetry(facts: RetryFacts): RetryDecision {
  const { attempt, attempts, idempotent, elapsedMs, budgetMs, random, pacedWaitMs } = facts;
  const reason = reasonNotToRepeat(attempt, attempts, idempotent);
  if (reason) return { again: false, why: reason };
  const backoffMs = random * Math.min(longestDelayMs, firstDelayMs * 2 ** attempts);
  const askedMs = attempt.kind === "answered" ? attempt.retryAfterMs : undefined;
  if (pacedWaitMs !== undefined && isLimit(attempt)) {
    const mayWait = (askedMs ?? 0) <= pacedWaitMs && attempts < limitedAttempts[askedMs ? "asked" : "unasked"];
    return mayWait ? { again: true, delayMs: askedMs ? 0 : backoffMs } : { again: false, why: notRenewed };
  }
  // The service's wait is a minimum. Jitter on top keeps many waiting calls from returning together. A wait of zero
  // counts as none: a date in the past only means that the service's clock is behind ours.
  const delayMs = !askedMs ? backoffMs : askedMs + random * Math.min(1_000, firstDelayMs + askedMs / 10);
  if (elapsedMs + delayMs >= budgetMs)
    return { again: false, why: `the retry budget of ${Math.round(budgetMs / 1000)} s is used up` };
  return { again: true, delayMs };
}

/**
 * Why a request is not sent again, and what to do, as a sentence for the user; empty if the answer or the failure
 * already says so.
 */
export function whyItEnded(attempts: number, why: string): string {
  if (why === theAnswerIsFinal) return "";
  const tried = attempts === 1 ? "Tried once" : `Tried ${attempts} times`;
  if (why === mayHaveActed) return `${tried}, and not again: ${why}.`;
  if (why === cancelled) return `${tried}, and not again: ${why}.`;
  if (why === notReachable) return `${tried}: check the connection's url and the network.`;
  return `${tried}, until ${why}: run again once the service is well, or raise retryBudget in the connection.`;
}

const theAnswerIsFinal = "the answer is final";
const mayHaveActed = "the service may have acted on the request";
const notRenewed = "its limit on requests lasted longer than a run waits";
const notReachable = "the service cannot be reached";
/** The reason if the user has cancelled the run. */
export const cancelled = "the run was cancelled";

function isLimit(attempt: Attempt): boolean {
  return attempt.kind === "answered" && attempt.status === 429;
}

function reasonNotToRepeat(attempt: Attempt, attempts: number, idempotent: boolean): string | undefined {
  if (attempt.kind === "broken") {
    if (!attempt.sent) return attempt.permanent || attempts >= refusedAttempts ? notReachable : undefined;
    return idempotent ? undefined : mayHaveActed;
  }
  if (attempt.status === 429) return undefined;
  if (attempt.status >= 500 && attempt.status !== 501) return idempotent ? undefined : mayHaveActed;
  return theAnswerIsFinal;
}
