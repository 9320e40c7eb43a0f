import { quoted } from "../inert";
import { isKey, newUsers } from "../units";
import { nameOf, parseUrn } from "../urn";
import { problemOf, type Rule } from "./rule";

/** Whoever gets a key can do what the key can, and none of the key's own inputs says who that is. */
export const newConsumer: Rule = {
  id: "SR033",
  title: "a key in the hands of another resource",
  level: "warn",
  needs: "both-states",
  followsFromDelta: true,
  help: "Ask what the resource does with the key. A consumer that needs one should have its own, with the scopes that it needs.",
  check: ({ units }) =>
    units.filter(isKey).flatMap((key) => {
      const { before, after } = key;
      // Of a new key every consumer is new, and so is all that it gives.
      if (!before || !after) return [];
      return newUsers(before, after).map((urn) =>
        problemOf(key, {
          subject: urn,
          message: `is used by ${quoted(nameOf(urn))} (${quoted(parseUrn(urn)?.type ?? "")}), which did not use it before`,
        }),
      );
    }),
};
