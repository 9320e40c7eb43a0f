import type { ResourceContext } from "./context";

/** What was told already, by whoever tells it. */
const told = new WeakMap<ResourceContext["warn"], Set<string>>();

/** Warns of a topic once: of a service that is down, one sentence, not one for each of its keys. */
export function tellOnce({ warn }: Pick<ResourceContext, "warn">, topic: string, words: string): void {
  const known = told.get(warn) ?? new Set();
  told.set(warn, known);
  if (known.has(topic)) return;
  known.add(topic);
  warn(words);
}
