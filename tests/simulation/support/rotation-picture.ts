import { dayMs } from "../../../provider/durations";
import type { Generation } from "./generations";

/** A key of the picture: a bar, and the reason it was made. */
export interface DrawnGeneration extends Pick<Generation, "madeMs" | "endMs"> {
  readonly reason: string;
}

const left = 34;
const plotWidth = 720;
const rowHeight = 22;
const top = 46;
const barHeight = 12;
/** Of the wider letters of any sans-serif. */
const letterWidth = 6.2;

/** The generations of one key over time, as an SVG that is legible on light and on dark pages. */
export function drawRotation(
  title: string,
  generations: readonly DrawnGeneration[],
  startMs: number,
  days: number,
): string {
  const height = top + generations.length * rowHeight + 30;
  const x = (ms: number) => left + (Math.min(Math.max((ms - startMs) / dayMs, 0), days) * plotWidth) / days;
  const ticks = Array.from({ length: Math.floor(days / 50) + 1 }, (_, index) => index * 50);
  const rows = generations.map(({ madeMs, endMs, reason }, index) => {
    const y = top + index * rowHeight;
    const [from, to] = [x(madeMs), x(endMs)];
    const successor = generations[index + 1];
    const handover = Math.min(to, successor ? x(successor.madeMs) : to);
    const onRight = to + 6 + reason.length * letterWidth < left + plotWidth;
    const words = onRight
      ? `<text x="${round(to + 6)}" y="${y + 10}">${escape(reason)}</text>`
      : `<text x="${round(from - 6)}" y="${y + 10}" text-anchor="end">${escape(reason)}</text>`;
    return [
      `<text x="${left - 8}" y="${y + 10}" text-anchor="end" class="n">${index + 1}</text>`,
      bar("current", from, handover, y),
      ...(to > handover + 0.5 ? [bar("previous", handover, to, y)] : []),
      words,
    ].join("\n");
  });
  const axisY = top + generations.length * rowHeight + 4;
  const axis = ticks.map((day) => {
    const at = round(x(startMs + day * dayMs));
    return `<path d="M${at} ${top - 6}V${axisY}" class="grid"/><text x="${at}" y="${axisY + 16}" text-anchor="middle">${day === 0 ? "day 0" : day}</text>`;
  });
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${left + plotWidth + 16} ${height}" width="${left + plotWidth + 16}" height="${height}" role="img" aria-labelledby="t" font-family="system-ui,sans-serif" font-size="11.5">`,
    `<title id="t">${escape(title)}</title>`,
    "<style>text{fill:#424a53}.n,.b{font-weight:600}.current{fill:#0969da}.previous{fill:#54aeff;opacity:.55}.grid{stroke:#8c959f;stroke-opacity:.35;fill:none}@media(prefers-color-scheme:dark){text{fill:#c9d1d9}.current{fill:#388bfd}.previous{fill:#79c0ff;opacity:.5}}</style>",
    `<text x="${left}" y="14" class="b">${escape(title)}</text>`,
    `<rect class="current" x="${left}" y="22" width="18" height="9" rx="2"/><text x="${left + 24}" y="31">the current key</text>`,
    `<rect class="previous" x="${left + 124}" y="22" width="18" height="9" rx="2"/><text x="${left + 148}" y="31">the previous key, still valid beside it</text>`,
    ...axis,
    ...rows,
    "</svg>",
  ].join("\n")}\n`;
}

function bar(kind: "current" | "previous", from: number, to: number, y: number): string {
  return `<rect class="${kind}" x="${round(from)}" y="${y}" width="${round(to - from)}" height="${barHeight}" rx="2"/>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
