import { dayMs } from "../../../provider/values/durations";
import type { Generation } from "./generations";

/** A key of the picture: a bar, and the reason it was made. */
export interface DrawnGeneration extends Pick<Generation, "madeMs" | "endMs"> {
  readonly reason: string;
}

const left = 78;
const plotWidth = 430;
const reasonsAt = left + plotWidth + 18;
const width = reasonsAt + 310;
const rowHeight = 22;
const top = 68;
const barHeight = 12;

/** The generations of one key over time, as an SVG that is legible on light and on dark pages. */
export function drawRotation(
  title: string,
  generations: readonly DrawnGeneration[],
  startMs: number,
  days: number,
): string {
  const axisY = top + generations.length * rowHeight + 4;
  const height = axisY + 44;
  const x = (ms: number) => left + (Math.min(Math.max((ms - startMs) / dayMs, 0), days) * plotWidth) / days;
  const ticks = Array.from({ length: Math.floor(days / 50) + 1 }, (_, index) => index * 50);
  const rows = generations.map(({ madeMs, endMs, reason }, index) => {
    const y = top + index * rowHeight;
    const [from, to] = [x(madeMs), x(endMs)];
    const successor = generations[index + 1];
    const handover = Math.min(to, successor ? x(successor.madeMs) : to);
    // The reason is told from where this key is the current one: the previous one is two rows above by then.
    const told = reason.replace("previous key", `key ${index - 1}`);
    return [
      `<text x="${left - 12}" y="${y + 10}" text-anchor="end" class="n">key ${index + 1}</text>`,
      bar("current", from, handover, y),
      ...(to > handover + 0.5 ? [bar("previous", handover, to, y)] : []),
      `<text x="${reasonsAt}" y="${y + 10}">${escape(told)}</text>`,
    ].join("\n");
  });
  const axis = ticks.map((day) => {
    const at = round(x(startMs + day * dayMs));
    return `<path d="M${at} ${top - 6}V${axisY}" class="grid"/><text x="${at}" y="${axisY + 16}" text-anchor="middle">${day}</text>`;
  });
  const middle = left + plotWidth / 2;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="t" font-family="system-ui,sans-serif" font-size="11.5">`,
    `<title id="t">${escape(title)}</title>`,
    "<style>text{fill:#424a53}.n,.b{font-weight:600}.current{fill:#0969da}.previous{fill:#54aeff;opacity:.55}.grid{stroke:#8c959f;stroke-opacity:.35;fill:none}@media(prefers-color-scheme:dark){text{fill:#c9d1d9}.current{fill:#388bfd}.previous{fill:#79c0ff;opacity:.5}}</style>",
    `<text x="12" y="16" class="b">${escape(title)}</text>`,
    `<rect class="current" x="12" y="26" width="18" height="9" rx="2"/><text x="36" y="35">the current key</text>`,
    `<rect class="previous" x="136" y="26" width="18" height="9" rx="2"/><text x="160" y="35">the previous key, still valid beside it</text>`,
    `<text x="${reasonsAt}" y="${top - 12}" class="n">made because</text>`,
    ...axis,
    ...rows,
    `<text x="${middle}" y="${axisY + 36}" text-anchor="middle" class="n">days since the first key</text>`,
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
