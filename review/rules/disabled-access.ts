import { problemOf, type Rule } from "./rule";

/** Disabling is somebody's decision, often in an incident; whoever undoes it has to know why it was made. */
export const disabledAccess: Rule = {
  id: "SR031",
  title: "disabled access comes back",
  level: "block",
  needs: "both-states",
  followsFromDelta: true,
  help: "Ask whoever disabled it on the service. If it may come back, a waiver says who decided that; otherwise leave `onDisabled` and what the key may do as they are.",
  check: ({ units }) =>
    units
      .filter(({ revives }) => revives)
      .map((unit) =>
        problemOf(unit, { message: "was disabled on its service, and this update gives its access back" }),
      ),
};
