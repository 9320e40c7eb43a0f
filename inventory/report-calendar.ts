import { formatSpan } from "../provider/values/durations";
import { type Html, html } from "./html";
import { table, time } from "./report-table";
import type { ReportInput } from "./reported-facts";
import { calendarDrawings, calendarEvents, type CalendarEvent, eventKinds, marker } from "./rotation-calendar";

const kindWords: Readonly<Record<CalendarEvent["what"], string>> = {
  rotation: "rotation: the next key is made",
  end: "end: the key stops working",
  "previous key ends": "the previous key stops working: the overlap is over",
};

/** The drawing, its legend, and the same dates as a table. */
export function calendarSection(input: ReportInput): Html {
  const { aheadMs, nowMs } = input;
  const events = calendarEvents(input);
  const span = formatSpan(aheadMs);
  if (events.length === 0)
    return html`<section aria-labelledby="calendar">
      <h2 id="calendar">Calendar</h2>
      <p>Nothing rotates or ends within ${span}.</p>
    </section>`;
  const rows = events.map(({ key, what, atMs, stack }) => [
    key,
    time(atMs),
    atMs <= nowMs
      ? html`<span class="warn">${formatSpan(nowMs - atMs)} ago</span>`
      : html`in ${formatSpan(atMs - nowMs)}`,
    html`${kindWords[what]}`,
    stack,
  ]);
  return html`<section aria-labelledby="calendar">
    <h2 id="calendar">Calendar</h2>
    <p>What rotates and ends within ${span}, and what is overdue.</p>
    <ul class="legend">
      ${eventKinds.map((what) => html`<li><svg aria-hidden="true" width="18" height="18" viewBox="0 0 18 18">${marker(what, 9, 9)}</svg>${kindWords[what]}</li>`)}
      <li>
        <svg aria-hidden="true" width="26" height="12" viewBox="0 0 26 12">
          <rect class="life" x="0" y="1" width="26" height="10" /></svg
        >life of the current key
      </li>
      <li>
        <svg aria-hidden="true" width="26" height="12" viewBox="0 0 26 12">
          <rect class="overlap" x="0" y="4" width="26" height="4" /></svg
        >overlap: two keys work
      </li>
    </ul>
    ${calendarDrawings(input).map((drawing, index) => html`<div class="scroll drawing" role="region" tabindex="0" aria-labelledby="calendar-title-${index}">${drawing}</div>`)}
    <h3>The same dates as a table</h3>
    ${table(
      {
        id: "calendar-table",
        caption: "Rotations, ends and overlaps, the earliest first",
        headings: ["Key", "Date", "When", "What happens", "Stack"],
        nothing: "Nothing.",
      },
      rows,
    )}
  </section>`;
}
