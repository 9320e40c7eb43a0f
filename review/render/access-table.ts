import type { InPlay } from "../in-play";
import { inert } from "../inert";
import { changedAccounts, keysBesideAccounts } from "../changed-rows";
import type { Report, ReportAccount, ReportKey } from "../report";
import { levels } from "../levels";
import { levelSigns, keyOpWords, stayingAlive } from "../wording";
import type { Block } from "./fit-blocks";
import { cell, grantsCell, kindOf, nameIn } from "./markdown-text";
import { fewestInGroup, tableBlock, tableHead, type TableRow } from "./table";

/** Who gains and loses what: a row for each account, and for each key whose change is not in its account's row. */
export function accessBlock(report: Report, inPlay: InPlay): Block[] {
  const changed = changedAccounts(report);
  const hidden = keysBesideAccounts(report);
  if (changed.length + hidden.length === 0) return [];
  const changing = report.keys.filter(({ gains, loses }) => gains.length > 0 || loses.length > 0);
  const keysOf = Map.groupBy(changing, ({ account, urn }) => account ?? urn);
  const known = { inPlay, alive: stayingAlive(report) };
  return [
    tableBlock(
      {
        what: "rows of access changes",
        priority: 3,
        head: tableHead("Account or key", ...(inPlay.several ? ["Service"] : []), "Gains", "Loses", "Why"),
        foot: [""],
      },
      [
        ...[...changed].sort(worstFirst).map((row) => accountRow(row, keysOf.get(row.urn) ?? [], known)),
        ...hidden.map((key) => hiddenKeyRow(key, known)),
      ],
    ),
  ];
}

/** The rows at the end of a full page are not shown. Otherwise the order stays. */
function worstFirst(a: ReportAccount, b: ReportAccount): number {
  const rank = ({ level, gains }: ReportAccount): number =>
    2 * [...levels, "none"].indexOf(level) + (gains.length > 0 ? 0 : 1);
  return rank(a) - rank(b);
}

/** The full access of everyone who gains or loses, as a diff. */
export function effectiveAccessBlock(report: Report): Block[] {
  const changed = changedAccounts(report).sort(worstFirst);
  if (changed.length === 0) return [];
  return [
    {
      what: "lines of effective access",
      priority: 5,
      variants: [
        {
          head: ["<details><summary>Effective access before and after</summary>", "", "```diff"],
          rows: equalChanges(changed).flatMap((equal) => accessLines(equal).map((line) => () => line)),
          foot: ["```", "", "</details>", ""],
        },
      ],
    },
  ];
}

interface Known {
  readonly inPlay: InPlay;
  /** URNs of keys that leave the program and that nobody revokes. */
  readonly alive: ReadonlySet<string>;
}

function accountRow(row: ReportAccount, ofAccount: readonly ReportKey[], { inPlay, alive }: Known): TableRow {
  const who = [
    row.owner === null ? "owner unknown" : `owner ${cell(row.owner)}`,
    ...(row.env === null ? [] : [cell(row.env)]),
  ].join(", ");
  const keys = ofAccount.filter((key) => key.env === row.env && key.op !== "same");
  const shown = keys.slice(0, 4).map((key) => {
    const words = keyOpWords(key, alive);
    return row.isAccount ? `${cell(key.name)} ${words}` : words;
  });
  const why = [
    ...moved(row, inPlay),
    ...(keys.length === 0 ? [] : [`${shown.join(", ")}${keys.length > 4 ? ` and ${keys.length - 4} more` : ""}`]),
    ...(row.rules.length === 0 ? [] : [row.rules.join(" ")]),
  ].join("; ");
  const { urn: _urn, name: _name, ...facts } = row;
  const kind = row.isAccount ? "account" : kindOf(row.urn);
  const place = placeCells(row.urn, inPlay);
  return {
    name: row.name,
    noun: [kind, `${kind}s`],
    sign: `${row.level === "none" ? "🟡" : levelSigns[row.level]} `,
    more: ` (${who})`,
    cells: [...place, grantsCell(row.gains), grantsCell(row.loses), why],
    sameness: [facts, place, why],
  };
}

/** If the rows do not show places, a changed place becomes a reason. */
function moved(row: ReportAccount, inPlay: InPlay): string[] {
  const [before, after] = [row.targetBefore, row.targetAfter].map(targetText);
  return inPlay.several || !before || !after || before === after
    ? []
    : [`now ${cell(after, 300)} instead of ${cell(before, 300)}`];
}

function hiddenKeyRow(key: ReportKey, { inPlay, alive }: Known): TableRow {
  const env = key.env === null ? "" : `, ${cell(key.env)}`;
  const kind = kindOf(key.urn);
  const place = placeCells(key.urn, inPlay);
  const why = `${keyOpWords(key, alive)}; its account as a whole can do the same as before`;
  return {
    name: key.name,
    noun: [kind, `${kind}s`],
    sign: "↳ ",
    more: ` of ${cell(nameIn(key.account ?? ""))}${env}`,
    cells: [...place, grantsCell(key.gains), grantsCell(key.loses), why],
    sameness: [key.account, key.env, key.gains, key.loses, place, why],
  };
}

/** The cell about the service; none if all resources are on one. */
export function placeCells(urn: string, inPlay: InPlay): string[] {
  if (!inPlay.several) return [];
  const place = inPlay.placeOf(urn);
  if (!place) return ["unknown"];
  return [place.was === undefined ? cell(place.now, 300) : `now ${cell(place.now, 300)}, was ${cell(place.was, 300)}`];
}

/** Groups rows with the same access; the table names all of them. */
function equalChanges(rows: readonly ReportAccount[]): (readonly ReportAccount[])[] {
  const groups = Map.groupBy(rows, ({ owner, env, before, after, gains, loses, targetBefore, targetAfter }) =>
    JSON.stringify([owner, env, before, after, gains, loses, targetBefore, targetAfter]),
  );
  return [...groups.values()].flatMap((group) => (group.length < fewestInGroup ? group.map((row) => [row]) : [group]));
}

function accessLines(equal: readonly ReportAccount[]): string[] {
  const [row] = equal;
  if (!row) return [];
  const others = equal.length === 1 ? "" : ` and ${equal.length - 1} more like it`;
  const env = row.env === null ? "" : `, ${inert(row.env)}`;
  const isMoved = row.targetBefore && row.targetAfter && targetText(row.targetBefore) !== targetText(row.targetAfter);
  const [before, after] = [new Set(row.before), new Set(row.after)];
  const gone = row.before.filter((grant) => isMoved || !after.has(grant));
  const come = row.after.filter((grant) => isMoved || !before.has(grant));
  const [left, lost, gained] = [new Set(gone), new Set(row.loses), new Set(row.gains)];
  const kept = row.before.filter((grant) => !left.has(grant));
  return [
    `  ${inert(row.name)}${others} (owner ${row.owner === null ? "unknown" : inert(row.owner)}${env})`,
    ...(isMoved
      ? [`-   on ${inert(targetText(row.targetBefore), 200)}`, `+   on ${inert(targetText(row.targetAfter), 200)}`]
      : []),
    ...kept.map((grant) => `    ${inert(grant)}`),
    ...gone.map((grant) => `-   ${inert(grant)}${lost.has(grant) ? "" : "   (still covered)"}`),
    ...come.map((grant) => `+   ${inert(grant)}${gained.has(grant) ? "" : "   (no new access)"}`),
  ];
}

function targetText(target: ReportAccount["targetAfter"]): string {
  return target ? `${target.backend} at ${target.origin}` : "";
}
