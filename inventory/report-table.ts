import { formatTime } from "../provider/times";
import { type Html, html } from "./html";
import { dayOf } from "./rotation-calendar";

/** A cell: foreign text, or markup of ours; a dash where there is nothing. The first cell of a row is its heading. */
export type Cell = string | Html | undefined;

interface TableHead {
  /** Of the page's own, and no other table's. */
  readonly id: string;
  readonly caption: string;
  readonly headings: readonly string[];
  /** What stands in place of a table without rows. */
  readonly nothing: string;
}

/**
 * A table in a region of its own, which scrolls by itself where it is too wide, with the keyboard as well. On a small screen
 * each row is a record; the roles say that it is a table all the same, because some browsers forget it then.
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

/** A day, and the minute in UTC unless it is midnight. */
export function time(ms: number): Html {
  const text = formatTime(ms);
  const minute = text.slice(text.indexOf("T") + 1).slice(0, 5);
  return html`<time datetime="${text}">${dayOf(ms)}${minute === "00:00" ? undefined : html` ${minute} UTC`}</time>`;
}
