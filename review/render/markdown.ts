import { changedFacts } from "../delta-words";
import { digestLines } from "../digest-line";
import { inert, splitMessage } from "../inert";
import { markerFor } from "../marker";
import type { Report, ReportAccount, ReportFinding, ReportKey } from "../report";
import {
  consumersWords,
  countsWords,
  footerWords,
  levelSigns,
  movedWords,
  lockHelp,
  orderWords,
  plural,
  rotationWords,
  ruleHelp,
  ruleTitle,
  subjectOf,
  verdictSigns,
  verdictWords,
} from "../wording";
import { fitBlocks, type Block } from "./fit-blocks";

/**
 * The comment on a pull request. What a program wrote stands in code spans, where GitHub and GitLab
 * look for no mention, link, reference or HTML; everything else is our own words.
 */
export function renderMarkdown(report: Report, maxChars: number): string {
  const digest = digestLines([report.digest]);
  const room = maxChars - markerFor(report).length - 2 - digest.length;
  return `${markerFor(report)}\n\n${renderBody(report, room, 3)}${digest}`;
}

/** Without the marker and the digest: also the part of a comment about several stacks. */
export function renderBody(report: Report, maxChars: number, headingLevel: number): string {
  const heading = `${"#".repeat(headingLevel)} ${verdictSigns[report.verdict]} ${stackName(report)} · ${md(verdictWords(report))}`;
  const head = [heading, "", md(countsWords(report)), ""];
  for (const quiet of [rotationWords(report), movedWords(report)])
    if (quiet !== undefined) head.push(`🟢 ${md(quiet)}.`, "");
  for (const note of report.notes) head.push(`ℹ️ ${md(note)}`, "");
  const foot = ["", md(footerWords(report))];
  return fitBlocks(head, blocksOf(report), foot, maxChars);
}

export function stackName(report: Report): string {
  return code(
    `${report.project === "" ? "?" : report.project}/${report.stack === "" ? (report.part ?? "?") : report.stack}`,
  );
}

/** In the order of the page; `priority` says who gives way first when it does not fit. */
function blocksOf(report: Report): Block[] {
  const blocks: Block[] = [];
  const changed = report.accounts.filter(({ gains, loses }) => gains.length > 0 || loses.length > 0);
  // A key can gain what its account already had through another key: it gets a line of its own.
  const changing = report.keys.filter(({ gains, loses }) => gains.length > 0 || loses.length > 0);
  const hidden = changing.filter((key) => key.account !== null && isNotInRow(key, changed));
  const keysOf = Map.groupBy(changing, ({ account, urn }) => account ?? urn);
  if (report.unreviewed.length > 0) {
    blocks.push({
      what: "reasons why this is not reviewable",
      priority: 1,
      variants: [
        {
          head: ["**Not reviewed**", ""],
          rows: report.unreviewed.map(
            ({ urn, reason }) =>
              () =>
                `- ${urn === null ? "" : `${md(subjectOf(urn))}: `}${md(reason)}`,
          ),
          foot: [""],
        },
      ],
    });
  }
  if (report.lock && !report.lock.current) {
    blocks.push({
      what: "differences from the lock file",
      priority: 2,
      variants: [
        {
          head: [`**The lock file is out of date**: ${lockHelp}`, ""],
          rows: report.lock.differences.map((difference) => () => `- ${md(difference)}`),
          foot: [""],
        },
      ],
    });
  }
  if (changed.length + hidden.length > 0) {
    blocks.push({
      what: "rows of access changes",
      priority: 3,
      variants: [
        {
          head: ["| Account | Gains | Loses | Why |", "| --- | --- | --- | --- |"],
          rows: [
            ...changed.map((row) => () => accountLine(row, keysOf.get(row.urn) ?? [])),
            ...hidden.map((key) => () => hiddenKeyLine(key)),
          ],
          foot: [""],
        },
      ],
    });
  }
  const facts = report.delta.flatMap((entry) => changedFacts(entry).map((fact) => ({ urn: entry.urn, ...fact })));
  if (facts.length > 0) {
    blocks.push({
      what: "rows of other changes",
      priority: 3,
      variants: [
        {
          head: ["| What else changes | Fact | Before | After |", "| --- | --- | --- | --- |"],
          rows: facts.map(
            ({ urn, fact, before, after }) =>
              () =>
                `| ${md(subjectOf(urn), true)} | ${fact} | ${code(before, 160, true)} | ${code(after, 160, true)} |`,
          ),
          foot: [""],
        },
      ],
    });
  }
  const made = report.keys.filter(({ op }) => op === "replace" || op === "rotate");
  if (made.length > 0) {
    blocks.push({
      what: "rows of replaced or rotated keys",
      priority: 4,
      variants: [
        {
          head: [
            "| Key | Why it is new | Order | Old key valid until | Consumers updated in this run |",
            "| --- | --- | --- | --- | --- |",
          ],
          rows: made.map((key) => () => keyLine(key)),
          foot: [""],
        },
      ],
    });
  }
  if (report.findings.length > 0) blocks.push(findingsBlock(report));
  if (changed.length > 0) {
    blocks.push({
      what: "lines of effective access",
      priority: 5,
      variants: [
        {
          head: ["<details><summary>Effective access before and after</summary>", "", "```diff"],
          rows: changed.flatMap((row) => accessLines(row).map((line) => () => line)),
          foot: ["```", "", "</details>", ""],
        },
      ],
    });
  }
  const aged = report.keys.filter(({ op }) => op !== "delete");
  if (aged.length > 0) {
    blocks.push({
      what: "rows of key ages",
      priority: 6,
      variants: [
        {
          head: [
            "<details><summary>Key ages</summary>",
            "",
            "| Key | Age | Ends | Next rotation |",
            "| --- | --- | --- | --- |",
          ],
          rows: aged.map((key) => () => ageLine(key)),
          foot: ["", "</details>", ""],
        },
      ],
    });
  }
  return blocks;
}

function findingsBlock(report: Report): Block {
  const { block, warn, info, waived } = report.counts;
  const summary = `<details${block + warn > 0 ? " open" : ""}><summary>Findings: ${block} block, ${warn} warn, ${info} info, ${waived} waived</summary>`;
  const groups = new Map<string, ReportFinding[]>();
  for (const finding of report.findings) {
    const key = `${finding.level} ${finding.rule} ${finding.waived}`;
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  const all = [...groups.values()];
  return {
    what: "findings",
    priority: 0,
    variants: [
      { head: [summary, ""], rows: all.flatMap(findingGroup).map((line) => () => line), foot: ["</details>", ""] },
      // Too many for a line each: the names alone, under their rule.
      {
        head: [summary, ""],
        rows: [...all.map((group) => () => shortGroup(group)), () => ""],
        foot: ["</details>", ""],
      },
      {
        head: [summary, ""],
        rows: report.findings.map((finding) => () => `- ${finding.rule} ${code(nameIn(finding), 40)}`),
        foot: ["", "</details>", ""],
      },
    ],
  };
}

function findingGroup(group: readonly ReportFinding[]): string[] {
  const [first] = group;
  if (!first) return [];
  const sign = first.waived ? "⚪" : levelSigns[first.level];
  const title = `**${sign} ${first.rule} ${md(ruleTitle(first.rule))}** (${first.waived ? "waived" : first.level})`;
  return [title, ...group.map(findingLine), "", `*How to resolve:* ${md(ruleHelp(first.rule))}`, ""];
}

function findingLine(finding: ReportFinding): string {
  const place = `${finding.location.file}:${finding.location.line}`;
  const before = finding.existing ? " (not new)" : "";
  const waiver = finding.waiver
    ? `; waived until ${code(finding.waiver.until)} by ${code(finding.waiver.approver)}: ${code(finding.waiver.reason, 300)}`
    : "";
  return `- ${md(subjectOf(finding.urn))}: ${md(finding.message)}, at ${code(place, 160)}${before}${waiver}`;
}

function shortGroup(group: readonly ReportFinding[]): string {
  const [first] = group;
  if (!first) return "";
  const sign = first.waived ? "⚪" : levelSigns[first.level];
  const names = group.map((finding) => code(nameIn(finding), 40));
  return `- ${sign} ${first.rule} ${md(ruleTitle(first.rule))}, ${plural(group.length, "finding")}${first.waived ? " waived" : ""}: ${names.join(", ")}`;
}

function nameIn(finding: ReportFinding): string {
  return splitMessage(subjectOf(finding.urn))[1]?.text ?? "";
}

function accountLine(row: ReportAccount, ofAccount: readonly ReportKey[]): string {
  const who = [
    row.owner === null ? "owner unknown" : `owner ${cell(row.owner)}`,
    ...(row.env === null ? [] : [cell(row.env)]),
  ].join(", ");
  const keys = ofAccount.filter((key) => key.env === row.env && key.op !== "same");
  const why: string[] = [];
  if (row.targetBefore && row.targetAfter && targetText(row.targetBefore) !== targetText(row.targetAfter)) {
    why.push(`now ${cell(targetText(row.targetAfter))} instead of ${cell(targetText(row.targetBefore))}`);
  }
  if (keys.length > 0) {
    const shown = keys.slice(0, 4).map((key) => `${row.isAccount ? `${cell(key.name)} ` : ""}${opWord(key.op)}`);
    why.push(`${shown.join(", ")}${keys.length > 4 ? ` and ${keys.length - 4} more` : ""}`);
  }
  if (row.rules.length > 0) why.push(row.rules.join(" "));
  const sign = row.level === "none" ? "🟡" : levelSigns[row.level];
  return `| ${sign} ${row.isAccount ? "" : `${kindOf(row.urn)} `}${cell(row.name)} (${who}) | ${grants(row.gains)} | ${grants(row.loses)} | ${why.join("; ")} |`;
}

function hiddenKeyLine(key: ReportKey): string {
  const [account] = splitMessage(subjectOf(key.account ?? "")).filter(({ quoted }) => quoted);
  const env = key.env === null ? "" : `, ${cell(key.env)}`;
  return `| ↳ key ${cell(key.name)} of ${cell(account?.text ?? "")}${env} | ${grants(key.gains)} | ${grants(key.loses)} | ${opWord(key.op)}; the account as a whole can do the same as before |`;
}

/** "key" or "rotating key". */
function kindOf(urn: string): string {
  return splitMessage(subjectOf(urn))[0]?.text.trim() ?? "";
}

/** True where the key's gains and losses do not show in its account's row. */
function isNotInRow(key: ReportKey, rows: readonly ReportAccount[]): boolean {
  const row = rows.find(({ urn, env }) => urn === key.account && env === key.env);
  if (!row) return true;
  return key.gains.some((grant) => !row.gains.includes(grant)) || key.loses.some((grant) => !row.loses.includes(grant));
}

function keyLine(key: ReportKey): string {
  const sign = key.equalAccess ? "🟢" : "🟡";
  return `| ${sign} ${kindOf(key.urn)} ${cell(key.name)} ${opWord(key.op)} | ${md(key.reason, true)} | ${md(orderWords(key.order, key.op), true)} | ${md(key.oldValidUntil ?? "", true)} | ${md(consumersWords(key), true)} |`;
}

function ageLine(key: ReportKey): string {
  const ends =
    key.expiresAt !== null
      ? key.expiresAt.slice(0, 10)
      : key.expiresIn !== null
        ? `\`${key.expiresIn}\` after its issue`
        : key.rotateEvery !== null
          ? "by rotation"
          : "never";
  const next =
    key.nextRotationAt !== null
      ? key.nextRotationAt.slice(0, 10)
      : key.rotateEvery !== null
        ? `every \`${key.rotateEvery}\``
        : "none";
  return `| ${cell(key.name)} | ${key.ageDays === null ? "new" : `${key.ageDays} d`} | ${md(ends, true)} | ${md(next, true)} |`;
}

function accessLines(row: ReportAccount): string[] {
  const env = row.env === null ? "" : `, ${inert(row.env)}`;
  const moved = row.targetBefore && row.targetAfter && targetText(row.targetBefore) !== targetText(row.targetAfter);
  const gone = row.before.filter((grant) => moved || !row.after.includes(grant));
  const come = row.after.filter((grant) => moved || !row.before.includes(grant));
  const kept = row.before.filter((grant) => !gone.includes(grant));
  return [
    `  ${inert(row.name)} (owner ${row.owner === null ? "unknown" : inert(row.owner)}${env})`,
    ...(moved
      ? [`-   on ${inert(targetText(row.targetBefore), 200)}`, `+   on ${inert(targetText(row.targetAfter), 200)}`]
      : []),
    ...kept.map((grant) => `    ${inert(grant)}`),
    ...gone.map((grant) => `-   ${inert(grant)}${row.loses.includes(grant) ? "" : "   (still covered)"}`),
    ...come.map((grant) => `+   ${inert(grant)}${row.gains.includes(grant) ? "" : "   (no new access)"}`),
  ];
}

function targetText(target: { readonly backend: string; readonly origin: string } | null): string {
  return target ? `${target.backend} at ${target.origin}` : "";
}

function opWord(op: ReportKey["op"]): string {
  const words = {
    create: "is new",
    replace: "is replaced",
    rotate: "rotates",
    update: "is updated",
    move: "is moved",
    delete: "is removed",
    same: "",
  } as const;
  return words[op];
}

function grants(list: readonly string[]): string {
  if (list.length === 0) return "none";
  const shown = list.slice(0, 12).map((grant) => cell(grant));
  return `${shown.join(" ")}${list.length > 12 ? ` and ${list.length - 12} more` : ""}`;
}

/** A message as Markdown: the program's words as code, ours as they are, unless they are not ours after all. */
export function md(message: string, inTable = false): string {
  return splitMessage(message)
    .map(({ text, quoted }) => (quoted ? code(text, 300, inTable) : ours(text, inTable)))
    .join("");
}

/** Our sentences need nothing but these; whatever else a manipulated report holds is shown as code. */
const ourLetters = /^[A-Za-z0-9 .,;:'"()/…·?-]*$/;
const actsOnItsOwn = /:\/\/|www\.|\b[0-9a-f]{7,40}\b|\b[A-Z]{2,}-\d|::/i;

function ours(text: string, inTable: boolean): string {
  return text === "" || (ourLetters.test(text) && !actsOnItsOwn.test(text)) ? text : code(text, 300, inTable);
}

/** Program text as a code span. It has no backtick left; a table also needs its bars escaped. */
export function code(text: string, max = 120, inTable = false): string {
  const safe = inert(text, max);
  if (safe.trim() === "") return "`(empty)`";
  // A backslash before a bar would escape the bar's own escape.
  return `\`${inTable ? safe.replace(/\\(?=\|)/g, "⟨U+005C⟩").replaceAll("|", "\\|") : safe}\``;
}

function cell(text: string): string {
  return code(text, 80, true);
}
