import { cell } from "./markdown-text";
import type { Block, BlockText } from "./fit-blocks";

/** A row of a table about one resource. */
export interface TableRow {
  readonly name: string;
  /** The kind of thing, in singular and plural: `key`, `keys`. */
  readonly noun: readonly [one: string, many: string];
  /** Text before and after the name in the first cell. */
  readonly sign: string;
  readonly more: string;
  /** The other cells. */
  readonly cells: readonly string[];
  /** Everything that a reviewer must know about it besides its name. Rows that differ in it stay apart. */
  readonly sameness: unknown;
}

/** This many equal rows, or more, become one. */
export const fewestInGroup = 4;
/** How many names a group shows if not all fit. */
export const shownNames = 5;

/**
 * A table in which equal rows become one: "300 keys like this", with all names in a fold, or the first of them on a
 * full page.
 */
export function tableBlock(
  table: {
    readonly what: string;
    readonly priority: number;
    readonly head: readonly string[];
    readonly foot: readonly string[];
  },
  rows: readonly TableRow[],
): Block {
  const groups = [...Map.groupBy(rows, ({ sameness, noun, sign }) => JSON.stringify([sameness, noun, sign])).values()];
  const variant = (line: (group: readonly TableRow[]) => string): BlockText => ({
    head: table.head,
    rows: groups.flatMap((group) =>
      group.length < fewestInGroup ? group.map((row) => () => lineOf(row)) : [() => line(group)],
    ),
    foot: table.foot,
  });
  return { what: table.what, priority: table.priority, variants: [variant(unfolded), variant(shortened)] };
}

function lineOf({ sign, noun, name, more, cells }: TableRow): string {
  return `| ${[`${sign}${noun[0]}${noun[0] === "" ? "" : " "}${cell(name)}${more}`, ...cells].join(" | ")} |`;
}

function unfolded(group: readonly TableRow[]): string {
  const names = group.map(({ name }) => cell(name)).join(", ");
  return groupLine(group, `<details><summary>all ${group.length}</summary>${names}</details>`);
}

function shortened(group: readonly TableRow[]): string {
  const names = group.slice(0, shownNames).map(({ name }) => cell(name));
  return groupLine(group, `: ${names.join(", ")} and ${group.length - names.length} more`);
}

function groupLine(group: readonly TableRow[], names: string): string {
  const [first] = group;
  if (!first) return "";
  return `| ${[`${first.sign}**${group.length} ${first.noun[1]} like this**${first.more}${names}`, ...first.cells].join(" | ")} |`;
}

export function tableHead(...headings: readonly string[]): string[] {
  return [`| ${headings.join(" | ")} |`, `| ${headings.map(() => "---").join(" | ")} |`];
}
