import { type Kill, killPoints, type Victim, victims } from "./killed-update";

interface Cell {
  cases: number;
  orphans: number;
}

/** What a number of killed updates came to: operation, victim and moment, with orphans of cases. */
export class Matrix {
  readonly #cells = new Map<string, Cell>();

  /** @param orphans - keys that lived although no state named them, after the update that followed */
  add(operation: string, { victim, point }: Kill, { cases, orphans }: Cell): void {
    const at = JSON.stringify([operation, victim, point]);
    const cell = this.#cells.get(at) ?? { cases: 0, orphans: 0 };
    this.#cells.set(at, { cases: cell.cases + cases, orphans: cell.orphans + orphans });
  }

  /** A table: one row for each operation, one column for each victim. */
  text(): string {
    const operations = [...new Set([...this.#cells.keys()].map((at) => (JSON.parse(at) as [string])[0]))];
    const rows = operations.map((operation) => [operation, ...victims.map((victim) => this.#row(operation, victim))]);
    const heads = [
      ["operation", ...victims],
      ["---", ...victims.map(() => "---")],
    ];
    return [...heads, ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
  }

  #row(operation: string, victim: Victim): string {
    const cells = killPoints.flatMap((point) => {
      const cell = this.#cells.get(JSON.stringify([operation, victim, point]));
      return cell ? [`${point} ${cell.orphans}/${cell.cases}`] : [];
    });
    return cells.length > 0 ? cells.join(", ") : "-";
  }
}
