import { readQuota } from "../../../../provider/http/rate-limit-headers";
import type { Pace, Urgency } from "../../../../provider/http/pace";
import type { VirtualTime } from "./virtual-time";

/** How a service limits: so many in a window that begins anew, or tokens that come back evenly. */
export type Limit =
  | { readonly kind: "window"; readonly limit: number; readonly windowMs: number }
  | { readonly kind: "bucket"; readonly perSecond: number; readonly burst: number };

/** What it says of that, of the requests that are left and the seconds until all are back. */
export type Telling = (remaining: number, resetS: number, epochS: number) => Readonly<Record<string, string>>;

export const tellings = {
  "RateLimit: r, t": (remaining, resetS) => ({ ratelimit: `"default";r=${remaining};t=${Math.ceil(resetS)}` }),
  "RateLimit-Reset in seconds": (remaining, resetS) => ({
    "ratelimit-remaining": String(remaining),
    "ratelimit-reset": String(Math.ceil(resetS)),
  }),
  "X-RateLimit-Reset as a time": (remaining, resetS, epochS) => ({
    "x-ratelimit-remaining": String(remaining),
    "x-ratelimit-reset": String(Math.floor(epochS) + Math.ceil(resetS)),
    date: new Date(Math.floor(epochS) * 1000).toUTCString(),
  }),
  nothing: () => ({}),
} as const satisfies Readonly<Record<string, Telling>>;

const epochMs = Date.parse("2026-06-15T12:00:00Z");

/** A service in virtual time, with a limit. */
export class LimitedService {
  accepted = 0;
  refused = 0;
  #amount: number;
  #sinceMs = 0;

  constructor(
    readonly time: VirtualTime,
    readonly limit: Limit,
    readonly telling: Telling,
    readonly latencyMs = 50,
  ) {
    this.#amount = limit.kind === "bucket" ? limit.burst : limit.limit;
  }

  /** Sends one request until it is accepted, as the HTTP client does. */
  async send(pace: Pace, urgency: Urgency = "create"): Promise<void> {
    const call = pace.begin(urgency);
    try {
      for (;;) {
        await call.turn();
        await this.time.sleep(this.latencyMs / 2);
        const { isAccepted, headers } = this.#answer();
        await this.time.sleep(this.latencyMs / 2);
        const wallMs = epochMs + this.time.nowMs();
        const asked = headers["retry-after"];
        call.answered({
          refused: !isAccepted,
          quota: readQuota(headers, wallMs),
          retryAfterMs: asked === undefined ? undefined : Number(asked) * 1000,
        });
        if (isAccepted) return;
      }
    } finally {
      call.done();
    }
  }

  #answer(): { readonly isAccepted: boolean; readonly headers: Readonly<Record<string, string>> } {
    const nowMs = this.time.nowMs();
    const { limit } = this;
    if (limit.kind === "bucket") {
      this.#amount = Math.min(limit.burst, this.#amount + ((nowMs - this.#sinceMs) * limit.perSecond) / 1000);
      this.#sinceMs = nowMs;
    } else if (nowMs - this.#sinceMs >= limit.windowMs) {
      this.#sinceMs = nowMs - ((nowMs - this.#sinceMs) % limit.windowMs);
      this.#amount = limit.limit;
    }
    const isAccepted = this.#amount >= 1;
    if (isAccepted) this.#amount -= 1;
    this[isAccepted ? "accepted" : "refused"] += 1;
    const resetS =
      limit.kind === "bucket"
        ? (limit.burst - this.#amount) / limit.perSecond
        : (this.#sinceMs + limit.windowMs - nowMs) / 1000;
    const againS = limit.kind === "bucket" ? (1 - this.#amount) / limit.perSecond : resetS;
    return {
      isAccepted,
      headers: {
        ...this.telling(Math.floor(this.#amount), resetS, (epochMs + nowMs) / 1000),
        ...(isAccepted ? {} : { "retry-after": String(Math.max(1, Math.ceil(againS))) }),
      },
    };
  }
}

interface Sending {
  readonly count?: number;
  readonly atOnce?: number;
  readonly urgency?: Urgency;
  /** Counts those that were accepted. */
  readonly sent?: { count: number };
  /** The engine registers one resource after the other: the time from one to the next, in milliseconds. */
  readonly eachMs?: () => number;
}

/** Sends so many requests, so many at once. */
export async function sendMany(service: LimitedService, pace: Pace, sending: Sending = {}): Promise<void> {
  const { count = 1_000, atOnce = 8, urgency = "create", sent = { count: 0 }, eachMs } = sending;
  let left = count;
  let nextMs = 0;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      if (eachMs) {
        nextMs = Math.max(nextMs, service.time.nowMs()) + eachMs();
        await service.time.sleep(nextMs - service.time.nowMs());
      }
      await service.send(pace, urgency);
      sent.count += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
