/** The client that a backend gets: a call with its login, its turns and its retries. */
import { minuteMs, secondMs } from "../values/durations";
import { ConnectionError } from "../errors";
import { rememberSecrets } from "../secrets/known-secrets";
import { interpret, statusIn } from "./answer";
import { type Destination, exchange, type RawAnswer } from "./exchange";
import { nextPage, type Page } from "./list-bounds";
import { isPermanent } from "./no-answer";
import type { Pace, PacedCall } from "./pace";
import { readQuota, readRetryAfter } from "./rate-limit-headers";
import {
  assertMeant,
  type HttpClient,
  isAuthenticated,
  isIdempotent,
  labelOf,
  noCredential,
  type Session,
  type SignedRequest,
  urgencyOf,
} from "./request";
import { type Attempt, cancelled, decideRetry, type RetryDecision, whyItEnded } from "./retry";
import { type Clock, realClock, waitsAreOver } from "./waiting";

/** Default time limits: of one attempt, and of one call with all its attempts and waits. */
export const defaultTiming = { timeoutMs: 10 * secondMs, retryBudgetMs: minuteMs } as const;

export interface HttpClientOptions extends Omit<Destination, "clock"> {
  readonly session?: Session;
  /** Time limit of one attempt, in milliseconds. Default: 10 s. */
  readonly timeoutMs?: number;
  /** Time limit of all attempts and waits of one call, in milliseconds. Default: 60 s. */
  readonly retryBudgetMs?: number;
  /** The path of the API on the vendor's own host, such as `/v1`. If the URL ends otherwise, that may explain a 404. */
  readonly ownPath?: string | undefined;
  /** Decides when each request may start. Left out: at once. */
  readonly pace?: Pace;
  readonly clock?: Clock;
  readonly random?: () => number;
}

/** How the calls of one client are made. */
interface Settings extends Destination {
  readonly timeoutMs: number;
  readonly retryBudgetMs: number;
  readonly pace: Pace | undefined;
  readonly random: () => number;
}

export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { url, ownPath, session, pace } = options;
  const settings = withDefaults(options);
  return {
    async request(request) {
      rememberSecrets(...(request.secrets ?? []));
      assertMeant(request);
      const signer = isAuthenticated(request) ? session : undefined;
      for (let renewed = false; ; renewed = true) {
        const signed = { request, credential: signer ? await signer.credential() : noCredential };
        const paced = pace?.begin(urgencyOf(request));
        const final = await sendWithRetries({ ...signed, paced }, settings).finally(() => paced?.done());
        // A 401 comes before the service does anything, so even a create may be sent again with a fresh session.
        if (final.answer.status === 401 && signer && !renewed && (await signer.renew(signed.credential))) continue;
        return interpret({ ...signed, ...final, url, ownPath });
      }
    },
  };
}

function withDefaults(options: HttpClientOptions): Settings {
  const {
    timeoutMs = defaultTiming.timeoutMs,
    retryBudgetMs = defaultTiming.retryBudgetMs,
    pace,
    clock = realClock,
    random = Math.random,
  } = options;
  return { ...options, timeoutMs, retryBudgetMs, pace, clock, random };
}

/** A request on its way, with its turns. */
interface Call extends SignedRequest {
  readonly paced: PacedCall | undefined;
}

/** The result of one attempt. */
type Outcome = { readonly answer: RawAnswer } | { readonly failure: ConnectionError };

/** The last answer, after which the request is not sent again. */
interface Final {
  readonly answer: RawAnswer;
  /** Why it is not sent again, as a sentence for the user; empty if that is obvious. */
  readonly ended: string;
}

async function sendWithRetries(call: Call, settings: Settings): Promise<Final> {
  const { clock, pace, retryBudgetMs } = settings;
  const page = pageOf(call, settings);
  const budgetMs = Math.min(retryBudgetMs, Math.max(0, page?.leftMs ?? retryBudgetMs));
  const startedMs = clock.nowMs();
  let queuedMs = 0;
  let last: Outcome | undefined;
  for (let attempts = 1; ; attempts += 1) {
    const turn = await turnOf(call, page);
    if (turn instanceof ConnectionError) return endedBy(turn, last, attempts - 1);
    queuedMs += turn;
    const elapsedMs = () => clock.nowMs() - startedMs - queuedMs;
    const limitMs = isCut(call, last) ? budgetMs - elapsedMs() : Infinity;
    last = await attempt(call, settings, limitMs);
    const decision = decideRetry({
      attempt: describeAttempt(last),
      attempts,
      idempotent: isIdempotent(call.request),
      elapsedMs: elapsedMs(),
      budgetMs,
      random: settings.random(),
      pacedWaitMs: isAuthenticated(call.request) ? pace?.longestWaitMs : undefined,
    });
    tellPace(call, last, decision);
    const next = await waited(call, clock, decision);
    if (next.again) continue;
    page?.read("answer" in last ? last.answer.text.length : 0);
    return ended(last, whyItEnded(attempts, next.why));
  }
}

/** The page of a list that this call reads. A list may take as long as the longest call. */
function pageOf({ request }: Call, { clock, retryBudgetMs, timeoutMs }: Settings): Page | undefined {
  return request.method === "GET" ? nextPage(request.path, clock.nowMs(), retryBudgetMs + timeoutMs) : undefined;
}

/** Waits for a call's turn. Returns how long that took, or the error if there is none. */
async function turnOf({ paced }: Call, page: Page | undefined): Promise<number | ConnectionError> {
  if (!paced) return 0;
  try {
    const waitedMs = await paced.turn();
    page?.waited(waitedMs);
    return waitedMs;
  } catch (error) {
    if (error instanceof ConnectionError) return error;
    throw error;
  }
}

/** Whether the next attempt ends with the budget, even if its own time is not up. */
function isCut({ request }: Call, last: Outcome | undefined): boolean {
  // A create keeps its full time: if it is cut short, its outcome is unclear. So does a call that has waited as asked.
  return last !== undefined && isIdempotent(request) && !("answer" in last && last.answer.status === 429);
}

/** One attempt; a failure of the connection is an outcome like an answer. */
async function attempt(call: Call, settings: Settings, leftMs: number): Promise<Outcome> {
  try {
    const limitMs = Math.min(settings.timeoutMs, Math.max(1, Math.ceil(leftMs)));
    const answer = await exchange(call, settings, limitMs);
    return { answer: { ...answer, status: statusIn(call.request, answer) } };
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    return { failure: error };
  }
}

function describeAttempt(outcome: Outcome): Attempt {
  if ("failure" in outcome)
    return { kind: "broken", sent: outcome.failure.sent, permanent: isPermanent(outcome.failure) };
  const { status, headers } = outcome.answer;
  const retryAfterMs = readRetryAfter(headers["retry-after"], Date.now());
  return { kind: "answered", status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** Reports the result of an attempt to the pace. */
function tellPace(call: Call, outcome: Outcome, decision: RetryDecision): void {
  const { paced, request } = call;
  if ("failure" in outcome) {
    const { message, sent } = outcome.failure;
    return paced?.failed({ words: message, given: !decision.again && !sent, answered: false });
  }
  const { status, headers } = outcome.answer;
  if (status >= 500 && status !== 501) {
    const words = `${labelOf(call)} answered ${status}.`;
    return paced?.failed({ words, given: false, answered: true });
  }
  if (!isAuthenticated(request)) return paced?.answered({ refused: false });
  paced?.answered({
    refused: status === 429,
    retryAfterMs: readRetryAfter(headers["retry-after"], Date.now()),
    quota: readQuota(headers, Date.now()),
  });
}

/** The decision, after its wait. Cancelling the run ends the wait and all further attempts. */
async function waited({ paced }: Call, clock: Clock, decision: RetryDecision): Promise<RetryDecision> {
  const sleep = (ms: number) => clock.sleep(ms);
  if (decision.again) await (paced ? paced.rest(decision.delayMs, sleep) : sleep(decision.delayMs));
  return waitsAreOver() && decision.again ? { again: false, why: cancelled } : decision;
}

/** The result of a call that gets no further turn: that of its last attempt, which may have acted. */
function endedBy(refusal: ConnectionError, last: Outcome | undefined, attempts: number): Final {
  if (!last) throw refusal;
  return ended(last, waitsAreOver() ? whyItEnded(attempts, cancelled) : refusal.message);
}

function ended(outcome: Outcome, why: string): Final {
  if ("answer" in outcome) return { answer: outcome.answer, ended: why };
  if (why !== "") outcome.failure.message += ` ${why}`;
  throw outcome.failure;
}
