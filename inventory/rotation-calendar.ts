/** The calendar of rotations, overlaps and expiries: the events in order of time, and their drawing. Pure. */
import { dayMs } from "../provider/values/durations";
import { formatTime } from "../provider/values/times";
import { inert } from "../review/inert";
import { type Html, html } from "./html";
import type { ReportInput, WaitingKey } from "./reported-facts";

export const eventKinds = ["rotation", "end", "previous key ends"] as const;

export interface CalendarEvent {
  readonly atMs: number;
  readonly what: (typeof eventKinds)[number];
  readonly key: string;
  readonly stack: string;
}

/** The line of one key: its life, its overlap, its events. */
interface Lane {
  readonly key: WaitingKey;
  readonly stack: string;
  readonly events: readonly CalendarEvent[];
}

interface Window {
  readonly fromMs: number;
  readonly toMs: number;
  readonly nowMs: number;
}

/** The events in the given time, and those that are overdue; the earliest first. */
export function calendarEvents(input: ReportInput): CalendarEvent[] {
  return lanesOf(input)
    .flatMap(({ events }) => events)
    .sort((a, b) => a.atMs - b.atMs);
}

function lanesOf({ stacks, nowMs, aheadMs }: ReportInput): Lane[] {
  return stacks
    .flatMap(({ recorded: { stack }, waiting }) =>
      waiting.map((key): Lane => {
        const times = [key.nextRotationAt, key.expiresAt, key.previousValidUntil];
        const events = eventKinds
          .map((what, index) => ({ what, atMs: Date.parse(times[index] ?? ""), key: key.name, stack }))
          .filter(({ atMs }) => atMs <= nowMs + aheadMs);
        return { key, stack, events };
      }),
    )
    .filter(({ events }) => events.length > 0)
    .sort((a, b) => firstMs(a) - firstMs(b));
}

function firstMs({ events }: Lane): number {
  return Math.min(...events.map(({ atMs }) => atMs));
}

/** A printer would cut a drawing with more lanes. */
const lanesPerDrawing = 24;
const size = { width: 960, label: 210, lane: 28, head: 34 };

/** The drawings, each with a title and a description; none if there are no events. */
export function calendarDrawings(input: ReportInput): Html[] {
  const { nowMs, aheadMs } = input;
  const window = { fromMs: nowMs - Math.max(30 * dayMs, aheadMs / 6), toMs: nowMs + aheadMs, nowMs };
  const lanes = lanesOf(input);
  const count = Math.ceil(lanes.length / lanesPerDrawing);
  return Array.from({ length: count }, (_, index) =>
    drawing(lanes.slice(index * lanesPerDrawing, (index + 1) * lanesPerDrawing), window, { index, count }),
  );
}

function drawing(lanes: readonly Lane[], window: Window, { index, count }: { index: number; count: number }): Html {
  const height = size.head + lanes.length * size.lane + 6;
  const now = xOf(window.nowMs, window);
  return html`<svg
    role="img"
    class="calendar"
    viewBox="0 0 ${size.width} ${height}"
    aria-labelledby="calendar-title-${index} calendar-text-${index}"
  >
    <title id="calendar-title-${index}">Calendar of rotations and ends, part ${index + 1} of ${count}</title>
    <desc id="calendar-text-${index}">
      One line for each of ${lanes.length} keys from ${dayOf(window.fromMs)} to ${dayOf(window.toMs)}. The table of
      dates below holds the same dates.
    </desc>
    ${ticks(window).map(
      (ms) =>
        html`<line class="tick" x1="${xOf(ms, window)}" x2="${xOf(ms, window)}" y1="22" y2="${height}" /><text
            class="tick-label"
            x="${xOf(ms, window) + 3}"
            y="16"
            >${monthOf(ms)}</text
          >`,
    )}
    ${lanes.map((lane, row) => laneDrawing(lane, window, size.head + row * size.lane))}
    <line class="now" x1="${now}" x2="${now}" y1="22" y2="${height}" />
    <text class="now-label" x="${now + 4}" y="31">today</text>
  </svg>`;
}

function laneDrawing({ key, events }: Lane, window: Window, top: number): Html {
  const middle = top + size.lane / 2;
  const from = xOf(Date.parse(key.issuedAt ?? "") || window.fromMs, window);
  const ends = [key.expiresAt, key.nextRotationAt].map((at) => Date.parse(at ?? "")).filter((ms) => !Number.isNaN(ms));
  const to = xOf(ends.length > 0 ? Math.min(...ends) : window.toMs, window);
  const overlapTo = key.previousValidUntil === undefined ? undefined : xOf(Date.parse(key.previousValidUntil), window);
  return html`<text class="lane-label" x="0" y="${middle + 4}">${inert(key.name, 28)}</text>
    <rect class="life" x="${from}" y="${middle - 5}" width="${Math.max(1, to - from)}" height="10" />
    ${overlapTo === undefined || overlapTo <= from ? undefined : html`<rect class="overlap" x="${from}" y="${middle - 9}" width="${overlapTo - from}" height="4" />`}
    ${events.map(({ what, atMs }) => marker(what, xOf(atMs, window), middle))} `;
}

/** The shape tells events apart, not only the color. */
export function marker(what: CalendarEvent["what"], x: number, y: number): Html {
  if (what === "rotation") return html`<circle class="rotation" cx="${x}" cy="${y}" r="6" />`;
  if (what === "end") return html`<rect class="end" x="${x - 6}" y="${y - 6}" width="12" height="12" />`;
  return html`<polygon class="previous" points="${x},${y - 8} ${x + 8},${y} ${x},${y + 8} ${x - 8},${y}" />`;
}

/** The position of a time; earlier times are placed at the edge. */
function xOf(ms: number, { fromMs, toMs }: Window): number {
  const share = Math.min(1, Math.max(0, (ms - fromMs) / Math.max(1, toMs - fromMs)));
  return Math.round(size.label + 8 + share * (size.width - size.label - 24));
}

/** First days of months, at most about a dozen. */
function ticks({ fromMs, toMs }: Window): number[] {
  const start = new Date(fromMs);
  const months = Math.ceil((toMs - fromMs) / (30 * dayMs));
  const step = Math.max(1, Math.ceil(months / 10));
  return Array.from({ length: Math.ceil(months / step) + 1 }, (_, index) =>
    Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1 + index * step, 1),
  ).filter((ms) => ms < toMs - (toMs - fromMs) / 20);
}

function monthOf(ms: number): string {
  return dayOf(ms).slice(0, -3);
}

export function dayOf(ms: number): string {
  const text = formatTime(ms);
  return text.slice(0, text.indexOf("T"));
}
