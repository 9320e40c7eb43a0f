import { quoted } from "../inert";
import { problemOf, type Rule } from "./rule";

export const namePattern: Rule = {
  id: "SR008",
  title: "name does not follow the pattern",
  level: "info",
  needs: "new-state",
  help: "The policy file sets `namePattern`. Choose a name that matches, with an alias where the resource exists already.",
  check: (context) =>
    context.units.flatMap((unit) => {
      const pattern = context.limits(unit.after?.facts.environment).namePattern;
      const name = unit.after?.facts.namePrefix ?? unit.name;
      if (!unit.after || !pattern || pattern.test(name)) return [];
      return [problemOf(unit, { message: `is named ${quoted(name)}, which does not match ${quoted(pattern.source)}` })];
    }),
};
