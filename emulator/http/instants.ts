const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
const DURATION = /^(\d{1,9})([smhdw])$/;
const INSTANT = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** `30s`, `15m`, `24h`, `7d`, `12w`; a day is 24 h. */
export function parseDurationMs(text: string): number | undefined {
  const match = DURATION.exec(text);
  return match ? Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS] : undefined;
}

/** An RFC 3339 date-time, in milliseconds since the epoch. */
export function parseInstantMs(text: string): number | undefined {
  const match = INSTANT.exec(text);
  if (!match) return undefined;
  // Date.parse reads 30 February as 2 March instead of refusing it.
  const daysInMonth = new Date(Date.UTC(Number(match[1]), Number(match[2]), 0)).getUTCDate();
  if (Number(match[3]) > daysInMonth) return undefined;
  const instantMs = Date.parse(text.toUpperCase());
  return Number.isNaN(instantMs) ? undefined : instantMs;
}

/** RFC 3339 in UTC, without a zero fraction, as most servers write it. */
export function rfc3339(instantMs: number): string;
export function rfc3339(instantMs: number | null): string | null;
export function rfc3339(instantMs: number | null): string | null {
  if (instantMs === null) return null;
  const text = new Date(instantMs).toISOString();
  return text.endsWith(".000Z") ? `${text.slice(0, -5)}Z` : text;
}
