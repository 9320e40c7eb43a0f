import { quoted } from "../inert";
import { parseUrn } from "../urn";
import { whyInvalid } from "../waivers";
import type { Rule } from "./rule";

export const invalidWaiver: Rule = {
  id: "SR020",
  title: "waiver without reason, or expired",
  level: "block",
  needs: "new-state",
  waivable: false,
  help: "A waiver needs a reason, an approver and a last day (`until`) that has not passed; one of SR021, SR023, SR024, SR029, SR031 or SR032 needs the `code` that the finding names; one of SR027, SR028, SR030 or SR033 says in `covers` which scope, account, id or consumer it means. Renew it or remove it.",
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

function isOfAnotherStack(urn: string, stackUrn: string): boolean {
  const theirs = parseUrn(urn);
  const ours = parseUrn(stackUrn);
  return theirs !== undefined && ours !== undefined && (theirs.stack !== ours.stack || theirs.project !== ours.project);
}
