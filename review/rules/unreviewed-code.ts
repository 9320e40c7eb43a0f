import { quoted } from "../inert";
import { sha256 } from "../sha256";
import type { CodeText, ForeignCode } from "../units";
import type { Problem, Rule } from "./rule";

/**
 * A dynamic resource carries a program that the engine runs with the job's rights. It may do anything, even to our
 * keys, and no text search can tell. If the same text was there before, nothing new runs.
 */
export const unreviewedCode: Rule = {
  id: "SR023",
  title: "code that runs and is not reviewed",
  level: "block",
  needs: "both-states",
  help: "Read the code of the dynamic resource as you would read a script that gets the job's credentials. Once somebody has, waive the finding for the resource with the `code` that it names: other code needs another waiver.",
  check: ({ code }) => code.filter(isNews).map(problem),
};

/** True if the code is new, different, or cannot be compared. Two hidden codes never count as the same. */
export function isNews({ before, after }: ForeignCode): boolean {
  return after.text === undefined || before?.text !== after.text || before.type !== after.type;
}

function problem({ urn, before, after, location }: ForeignCode): Problem {
  const code = after.text === undefined ? "hidden" : sha256(after.text);
  const names = after.text !== undefined && /apikeys/i.test(after.text) ? `; the code names ${quoted("apikeys")}` : "";
  return {
    urn,
    subject: after.text === undefined ? code : code.slice(0, 16),
    code,
    location,
    message: `${whatRuns(before, after)} (${quoted(`code: ${code}`)})${names}`,
  };
}

function whatRuns(before: CodeText | undefined, after: CodeText): string {
  if (after.text === undefined)
    return "runs code that cannot be read here, because it is secret, not known before the update, or in no form that the review reads";
  return before === undefined
    ? "is a new dynamic resource, and runs code of its own"
    : "is a dynamic resource whose code changes";
}
