/** Tables of the report. */
import { formatTime } from "../provider/values/times";
import { type Html, html } from "./html";
import { dayOf } from "./rotation-calendar";

/** A cell: foreign text, or our own markup; a dash if empty. The first cell of a row is its heading. */
export type Cell = string | Html | undefined;

interface TableHead {
  /** Unique on the page. */
  readonly id: string;
  readonly caption: string;
  readonly headings: readonly string[];
  /** Shown instead of a table without rows. */
  readonly nothing: string;
}

/**
 * A table in its own region, which scrolls by itself if it is too wide, also with the keyboard. On a small screen each
 * row becomes a record. The roles keep it a table, because some browsers otherwise no longer treat it as one.
 */
export function table({ id, caption, headings, nothing }: TableHead, rows: readonly (readonly Cell[])[]): Html {
  if (rows.length === 0) return html`<p>${nothing}</p>`;
  return html`<div class="scroll records" role="region" tabindex="0" aria-labelledby="table-${id}">
    <table role="table">
      <caption id="table-${id}">
        ${caption}
      </caption>
      <thead role="rowgroup">
        <tr role="row">
          ${headings.map((heading) => html`<th scope="col" role="columnheader">${heading}</th>`)}
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${rows.map(
          ([first, ...rest]) =>
            html`<tr role="row">
              <th scope="row" role="rowheader">${shown(first)}</th>
              ${rest.map(
                (cell, index) =>
                  html`<td role="cell" data-heading="${headings[index + 1]}"><div>${shown(cell)}</div></td>`,
              )}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`;
}

function shown(cell: Cell): Html {
  if (cell === undefined || cell === "") return html`<span class="muted">–</span>`;
  return typeof cell === "string" ? html`<bdi>${cell}</bdi>` : cell;
}

/** A date, and the UTC time unless it is midnight. */
export function time(ms: number): Html {
  const text = formatTime(ms);
  const minute = text.slice(text.indexOf("T") + 1).slice(0, 5);
  return html`<time datetime="${text}">${dayOf(ms)}${minute === "00:00" ? undefined : html` ${minute} UTC`}</time>`;
}
