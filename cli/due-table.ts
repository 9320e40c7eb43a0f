/** The report of `apikeys due` as a table. */
import { formatSpan } from "../provider/values/durations";
import { formatTime } from "../provider/values/times";
import { plural } from "../review/wording";
import type { Style } from "./colour";
import type { DueKey } from "./due-report";
import { textTable } from "./text-table";

/** A column of the table: its heading and the cell of a key. */
type Column = readonly [heading: string, cell: (key: DueKey) => string | undefined];

/** How its lines look at a terminal: keys that do not work, and keys that are due. */
export function dueStyles(keys: readonly DueKey[]): (Style | undefined)[] {
  if (keys.length === 0) return [];
  return [
    "bold",
    ...keys.map(({ due, problem }) => {
      if (problem !== undefined || due.some(({ what }) => what === "unusable")) return "red";
      return due.length > 0 ? "yellow" : undefined;
    }),
  ];
}

/** The report as a table for people. Leaves out time columns that are empty for all keys. */
export function dueTable(keys: readonly DueKey[], nowMs: number, withinMs: number): string {
  if (keys.length === 0) return "No keys in this stack.\n";
  const timed: Column[] = [
    ["ROTATES", ({ nextRotationAt }) => when(nextRotationAt, nowMs)],
    ["ENDS", ({ expiresAt }) => when(expiresAt, nowMs)],
    ["PREVIOUS KEY ENDS", ({ previousValidUntil }) => when(previousValidUntil, nowMs)],
  ];
  const columns: Column[] = [
    ["KEY", ({ name }) => name],
    ["TYPE", ({ type }) => type],
    ["CONNECTION", ({ connection }) => connection],
    ["AGE", ({ age }) => age ?? "?"],
    ...timed.filter(([, cell]) => keys.some((key) => cell(key) !== undefined)),
    ["DUE", ({ reason, problem }) => (problem === undefined ? reason : `unknown: ${problem}`)],
  ];
  const table = textTable(
    columns.map(([heading]) => heading),
    keys.map((key) => columns.map(([, cell]) => cell(key) ?? "")),
  );
  return `${table}\n${summary(keys, withinMs)}\n`;
}

function summary(keys: readonly DueKey[], withinMs: number): string {
  const due = keys.filter((key) => key.due.length > 0).length;
  const untold = keys.filter(({ problem }) => problem !== undefined).length;
  const span = withinMs === 0 ? "now" : `within ${formatSpan(withinMs)}`;
  const words = `Due ${span}: ${due === 0 ? "none" : due} of ${plural(keys.length, "key")}`;
  return untold === 0 ? `${words}.` : `${words}; unknown for ${untold}.`;
}

/** `2026-12-25 (in 29 d)`: only the date if the time is midnight UTC. */
function when(time: string | undefined, nowMs: number): string | undefined {
  if (time === undefined) return undefined;
  const ms = Date.parse(time);
  const text = formatTime(ms);
  const day = text.slice(0, 10);
  const minute = text.slice(11, 16);
  const span = ms > nowMs ? `in ${formatSpan(ms - nowMs)}` : `${formatSpan(nowMs - ms)} ago`;
  return `${text.slice(11) === "00:00:00Z" ? day : `${day} ${minute}Z`} (${span})`;
}
