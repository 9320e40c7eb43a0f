import { quoted } from "../inert";
import { waiverEnd, type Waiver } from "../policy";
import { parseUrn } from "../urn";
import type { Rule } from "./rule";
import { movedConnection } from "./moved-connection";
import { newServer } from "./new-server";
import { otherCode } from "./other-code";
import { unreviewedCode } from "./unreviewed-code";

export const invalidWaiver: Rule = {
  id: "SR020",
  title: "waiver without reason, or expired",
  level: "block",
  needs: "new-state",
  waivable: false,
  help: "A waiver needs a reason, an approver and a last day (`until`) that has not passed; one of SR021, SR023, SR024 or SR032 needs the `code` that the finding names. Renew it or remove it.",
  check: ({ policy, nowMs, stackUrn }) =>
    (policy.document.waivers ?? []).flatMap((waiver, index) => {
      const why = whyInvalid(waiver, nowMs);
      // One file serves many stacks, and each is responsible for its own waivers.
      if (why === undefined || isOfAnotherStack(waiver.urn, stackUrn)) return [];
      return [
        {
          urn: waiver.urn,
          subject: `${waiver.rule} ${index}`,
          message: `the waiver of ${waiver.rule} for ${quoted(parseUrn(waiver.urn)?.name ?? waiver.urn)} ${why}`,
          location: { file: policy.path, line: policy.waiverLines[index] ?? 1 },
        },
      ];
    }),
};

/** Rules whose waivers name the code that somebody has read, or the server: the resource alone does not say which. */
const namesCode: readonly string[] = [unreviewedCode.id, otherCode.id, movedConnection.id, newServer.id];

/** Why a waiver does not apply, as the end of a sentence. */
export function whyInvalid(waiver: Waiver, nowMs: number): string | undefined {
  const needed = [
    "reason",
    "approver",
    "until",
    ...(namesCode.includes(waiver.rule ?? "") ? ["code" as const] : []),
  ] as const;
  const missing = needed.filter((part) => (waiver[part] ?? "").trim() === "");
  if (missing.length > 0) return `has no ${missing.join(" and no ")}`;
  const end = waiverEnd(waiver.until ?? "");
  if (end === undefined) return "has an end that is not a date";
  return nowMs >= end ? `ended on ${(waiver.until ?? "").slice(0, 10)}` : undefined;
}

function isOfAnotherStack(urn: string, stackUrn: string): boolean {
  const theirs = parseUrn(urn);
  const ours = parseUrn(stackUrn);
  return theirs !== undefined && ours !== undefined && (theirs.stack !== ours.stack || theirs.project !== ours.project);
}
