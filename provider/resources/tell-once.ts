import type { ResourceContext } from "./context";

/** The topics that have already been reported. */
const told = new WeakMap<ResourceContext["warn"], Set<string>>();

/** Warns of a topic once: one sentence for a service that is down, not one for each of its keys. */
export function tellOnce({ warn }: Pick<ResourceContext, "warn">, topic: string, words: string): void {
  const known = told.get(warn) ?? new Set();
  told.set(warn, known);
  if (known.has(topic)) return;
  known.add(topic);
  warn(words);
}
