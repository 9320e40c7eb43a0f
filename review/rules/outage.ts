import { parseDuration } from "../../provider/values/durations";
import { quotedList } from "../inert";
import { rotatesWithoutOverlap } from "../key-changes";
import { nameOf } from "../urn";
import { everyKey, type Rule } from "./rule";

export const outage: Rule = {
  id: "SR012",
  title: "the old key goes before the new one is in use",
  level: "warn",
  needs: "new-state",
  help: "Leave out `exactName` and `deleteBeforeReplace`, and give a rotating key an `overlap`: then consumers change over before the old key ends.",
  check: (context) => {
    const ops = new Map(context.changes.map(({ urn, op }) => [urn, op]));
    return everyKey(context, (key, { facts, consumers }) => {
      const problems: { subject: string; message: string }[] = [];
      if (facts.exactName)
        problems.push({
          subject: "exactName",
          message: "has `exactName`: every replacement deletes the old key first",
        });
      else if (key.order === "delete-before-create")
        problems.push({ subject: "order", message: "is deleted before its replacement exists" });
      const left = key.op === "replace" ? consumers.filter((urn) => ops.get(urn) === "same") : [];
      if (left.length > 0)
        problems.push({
          subject: "consumer",
          message: `is replaced, and ${quotedList(left.map(nameOf), 3)} is not updated with it`,
        });
      if (key.kind !== "rotatingKey") return problems;
      if (key.op === "replace")
        problems.push({ subject: "replace", message: "is replaced as a whole, which has no overlap" });
      const emergency = facts.emergency !== undefined && facts.emergency !== key.before?.facts.emergency;
      const none =
        parseDuration(facts.overlap) === 0
          ? "`overlap` 0"
          : facts.retire === "immediately"
            ? "`retire: immediately`"
            : undefined;
      const users = quotedList(consumers.map(nameOf), 3);
      if (consumers.length === 0) return problems;
      if (none !== undefined)
        problems.push({ subject: "overlap", message: `rotates with ${none}, although ${users} uses it` });
      // An emergency ends the old key on purpose, and its reason says so.
      else if (!emergency && rotatesWithoutOverlap(key))
        problems.push({ subject: "overlap", message: `rotates now without an overlap, although ${users} uses it` });
      return problems;
    });
  },
};
