import { quoted, quotedList } from "../inert";
import type { ProjectEdit } from "../project-edits";
import type { Problem, Rule, RuleContext } from "./rule";

/** A preview says what the reviewed code would do. This rule tells that the deployment would run other code. */
export const otherCode: Rule = {
  id: "SR032",
  title: "the engine would run other code",
  level: "block",
  needs: "command",
  concerns: "stack",
  help: "Read what the file names as you would read a script that gets the job's credentials: a plugin's folder, a package, another program. Once somebody has, waive the finding for the stack with the `code` that it names: another edit needs another waiver.",
  check: (context) => (context.projectEdits ?? []).map((edit) => problem(edit, context)),
};

function problem({ file, parts, code, level }: ProjectEdit, { stackUrn }: RuleContext): Problem {
  const what =
    parts.length === 0
      ? "is added, removed, or in no form that the review reads for certain"
      : `has another ${quotedList(parts, 5)} by this change`;
  return {
    urn: stackUrn,
    subject: file,
    code,
    level,
    message: `${quoted(file)} ${what}; it decides which code the engine runs (${quoted(`code: ${code}`)})`,
    location: { file, line: 1 },
  };
}
