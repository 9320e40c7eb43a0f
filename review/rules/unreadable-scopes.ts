import { problemOf, type Rule } from "./rule";

/** Nobody can approve what cannot be read. Such a review is never green, whatever this rule's level is. */
export const unreadableScopes: Rule = {
  id: "SR015",
  title: "access cannot be read",
  level: "block",
  needs: "new-state",
  waivable: false,
  followsFromDelta: true,
  help: "Write scopes and connections as plain values, and give backends that are not built in a catalogue in the policy file.",
  check: ({ units, strangers, projectFile }) => [
    ...strangers.map(({ urn, why }) => ({
      urn,
      subject: why,
      location: projectFile,
      message: `cannot be reviewed: ${why}`,
    })),
    ...units.flatMap((unit) =>
      (unit.after?.access.unreadable ?? []).map((why) =>
        problemOf(unit, { subject: why, message: `cannot be reviewed: ${why}` }),
      ),
    ),
  ],
};
