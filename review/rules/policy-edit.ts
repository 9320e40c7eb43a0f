import { quoted } from "../inert";
import type { Rule } from "./rule";

/** The base branch's policy judges the change. This rule tells the reviewer that the change also edits that policy. */
export const policyEdit: Rule = {
  id: "SR022",
  title: "the change edits the policy file",
  level: "warn",
  needs: "command",
  concerns: "stack",
  waivable: false,
  help: "Read the edit of the policy file as carefully as a grant: it decides about every later change.",
  check: ({ policy, policyEdit: edit, stackUrn }) =>
    edit === undefined
      ? []
      : [
          {
            urn: stackUrn,
            subject: edit,
            message: `the policy file ${quoted(policy.path)} is ${edit} by this change; ${edit === "added" ? "the base branch has none, so the defaults were applied" : "the base branch's was applied"}`,
            location: { file: policy.path, line: 1 },
          },
        ],
};
