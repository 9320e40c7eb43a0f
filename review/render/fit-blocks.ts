/** A table, a list or a fold of a page with a size limit. */
export interface Block {
  /** What the rows are, for the line that says how many are hidden. */
  readonly what: string;
  /** Blocks with priority 0 are shortened last. */
  readonly priority: number;
  /** From the fullest to the shortest. A shorter one is used if the fuller one does not fit completely. */
  readonly variants: readonly BlockText[];
}

export interface BlockText {
  readonly head: readonly string[];
  /** Made one by one while there is space: most of a thousand rows are never shown. */
  readonly rows: readonly (() => string)[];
  readonly foot: readonly string[];
}

/**
 * Fits the page into its limit. Blocks are filled by priority and keep their order. Each block that is cut says how
 * much is missing, so a reader never takes a part for the whole.
 */
export function fitBlocks(
  head: readonly string[],
  blocks: readonly Block[],
  foot: readonly string[],
  maxChars: number,
): string {
  // Every block may need its line about hidden rows, so this much is reserved for each that is not placed yet.
  const notice = (block: Block): number => hiddenLine(block, allRows(block)).length + 3;
  let reserved = blocks.reduce((sum, block) => sum + notice(block), 0);
  let free = maxChars - size(head) - size(foot);
  const placed = new Map<Block, readonly string[]>();
  for (const block of [...blocks].sort((a, b) => a.priority - b.priority)) {
    reserved -= notice(block);
    const lines = place(block, free - reserved);
    placed.set(block, lines);
    free -= size(lines);
  }
  const page = [...head, ...blocks.flatMap((block) => placed.get(block) ?? []), ...foot]
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
  return `${page}\n`;
}

function place(block: Block, free: number): readonly string[] {
  for (const { head, rows, foot } of block.variants) {
    const room = free - size(head) - size(foot);
    // A row has at least two characters and its line end.
    const lines = 3 * rows.length <= room ? takeRows(rows, room) : [];
    if (lines.length === rows.length) return [...head, ...lines, ...foot];
  }
  const last = block.variants.at(-1);
  if (!last) return [];
  const kept = takeRows(
    last.rows,
    free - size(last.head) - size(last.foot) - hiddenLine(block, last.rows.length).length - 3,
  );
  const hidden = hiddenLine(block, last.rows.length - kept.length);
  return kept.length === 0 ? [hidden, ""] : [...last.head, ...kept, ...last.foot, hidden, ""];
}

/** The first rows that fit. */
function takeRows(rows: readonly (() => string)[], room: number): string[] {
  const kept: string[] = [];
  let used = 0;
  for (const row of rows) {
    const line = row();
    used += line.length + 1;
    if (used > room) break;
    kept.push(line);
  }
  return kept;
}

function hiddenLine(block: Block, count: number): string {
  return `*${count} more ${block.what} do not fit here: see the JSON report.*`;
}

function allRows(block: Block): number {
  return Math.max(0, ...block.variants.map(({ rows }) => rows.length));
}

function size(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + line.length + 1, 0);
}
