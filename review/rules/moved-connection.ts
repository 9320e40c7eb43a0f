import { sameTarget } from "../access";
import { quoted, quotedList } from "../inert";
import { targetWords } from "../place-words";
import { sha256 } from "../sha256";
import type { Unit } from "../units";
import type { Rule } from "./rule";

/**
 * The same key on another server is another key. Staging that becomes production is the largest change of all, and the
 * engine shows none of it. One problem per move, for any number of keys.
 */
export const movedConnection: Rule = {
  id: "SR021",
  title: "connection leads to another server or backend",
  level: "block",
  needs: "both-states",
  concerns: "moves",
  followsFromDelta: true,
  help: "Make sure that this is meant. To change servers on purpose, waive this finding for the stack, with the `code` that it names, and list the old origin in `movedFrom` of the connection.",
  check: ({ units, stackUrn, projectFile }) => {
    const moves = new Map<string, Unit[]>();
    for (const unit of units) {
      const { before, after } = unit;
      if (!before?.facts.target || !after?.facts.target || sameTarget(before.facts.target, after.facts.target))
        continue;
      const key = JSON.stringify([
        after.facts.connection,
        before.facts.connection,
        targetWords(before.facts.target),
        targetWords(after.facts.target),
      ]);
      moves.set(key, [...(moves.get(key) ?? []), unit]);
    }
    return [...moves].map(([subject, followers]) => {
      const [first] = followers;
      const before = first?.before?.facts;
      const after = first?.after?.facts;
      const from = before?.connection === after?.connection ? "" : `, and not ${quoted(before?.connection ?? "")}`;
      const names = quotedList(
        followers.map(({ name }) => name),
        5,
      );
      const code = sha256(subject);
      return {
        urn: stackUrn,
        subject,
        code,
        location: projectFile,
        message: `connection ${quoted(after?.connection ?? "")}${from} leads to ${targetWords(after?.target)} instead of ${targetWords(before?.target)}: ${followers.length} resource(s), ${names} (${quoted(`code: ${code}`)})`,
      };
    });
  },
};
