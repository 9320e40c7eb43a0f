/** Names that test what a backend says about its names. */
import { Names } from "../provider/resources/identity/names";
import { lengthOf, nameRules } from "../provider/vendors/name-rules";
import type { Workbench } from "./workbench";
import { origin } from "./workbench";

type Kind = "keys" | "accounts";

/** A name of exactly the maximal length. */
export function longestName(bench: Workbench, kind: Kind): string {
  const rules = nameRules(bench.can, kind);
  const name = bench.named("n", kind);
  return bench.named(`n${"a".repeat(rules.length - lengthOf(name, rules))}`, kind);
}

/** A name with capitals and blanks, as far as the backend says that its service accepts them. */
export function unusualName(bench: Workbench, kind: Kind): string {
  const rules = nameRules(bench.can, kind);
  const { pattern, length } = rules;
  const candidates = ["Ab c D", "AbcD", "ab c d", "abcd"].map((prefix) => bench.named(prefix, kind));
  const taken = candidates.find((name) => name.length <= length && (!pattern || pattern.test(name)));
  return taken ?? new Names(rules).physicalName("n", origin);
}
