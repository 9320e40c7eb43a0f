import type { InPlay } from "../in-play";
import type { Report, ReportKey } from "../report";
import { consumersWords, keyOpWords, oldKeyWords, stayingAlive } from "../wording";
import { placeCells } from "./access-table";
import type { Block } from "./fit-blocks";
import { kindOf, md } from "./markdown-text";
import { tableBlock, tableHead, type TableRow } from "./table";

/** Keys that this update makes to replace others. */
export function madeKeysBlock(report: Report, inPlay: InPlay): Block[] {
  const made = report.keys.filter(({ op }) => op === "replace" || op === "rotate");
  if (made.length === 0) return [];
  const alive = stayingAlive(report);
  const rows = made.map((key): TableRow => {
    const kind = kindOf(key.urn);
    const cells = [
      ...placeCells(key.urn, inPlay),
      md(`${keyOpWords(key, alive)}: ${key.reason}`, true),
      md(oldKeyWords(key), true),
      md(consumersWords(key), true),
    ];
    return {
      name: key.name,
      noun: [kind, `${kind}s`],
      sign: key.equalAccess ? "🟢 " : "🟡 ",
      more: "",
      cells,
      sameness: [cells, key.env, key.account, key.order, key.reason, key.oldValidUntil],
    };
  });
  return [
    tableBlock(
      {
        what: "rows of replaced or rotated keys",
        priority: 4,
        head: tableHead(
          "Key",
          ...(inPlay.several ? ["Service"] : []),
          "Why it is new",
          "Old key",
          "Consumers updated (this stack)",
        ),
        foot: [""],
      },
      rows,
    ),
  ];
}

/** How old keys are, and how long they live. */
export function keyAgesBlock(report: Report): Block[] {
  const aged = report.keys.filter(({ op }) => op !== "delete");
  if (aged.length === 0) return [];
  const rows = aged.map((key): TableRow => {
    const cells = [
      key.ageDays === null ? "new" : `${key.ageDays} d`,
      md(endWords(key), true),
      md(nextWords(key), true),
    ];
    return { name: key.name, noun: ["", "keys"], sign: "", more: "", cells, sameness: cells };
  });
  return [
    tableBlock(
      {
        what: "rows of key ages",
        priority: 6,
        head: ["<details><summary>Key ages</summary>", "", ...tableHead("Key", "Age", "Ends", "Next rotation")],
        foot: ["", "</details>", ""],
      },
      rows,
    ),
  ];
}

function endWords(key: ReportKey): string {
  if (key.expiresAt !== null) return key.expiresAt.slice(0, 10);
  if (key.expiresIn !== null) return `\`${key.expiresIn}\` after its issue`;
  return key.rotateEvery === null ? "never" : "by rotation";
}

function nextWords(key: ReportKey): string {
  if (key.nextRotationAt !== null) return key.nextRotationAt.slice(0, 10);
  return key.rotateEvery === null ? "never" : `every \`${key.rotateEvery}\``;
}
