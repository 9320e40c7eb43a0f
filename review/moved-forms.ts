import { pluginForm } from "./ours";

/**
 * Resources that have another form than before: dynamic, or through the plugin. Only what is gone in one form and new in the other has
 * moved; two resources of one name, one in each form, stay two.
 *
 * @param before - `type::name` of each
 * @returns the name now of one of `before`, and of everything else the name itself
 */
export function movedForms(before: readonly string[], now: readonly string[]): (resource: string) => string {
  const [olds, news] = [new Set(before), new Set(now)];
  const arrived = new Map(now.filter((name) => !olds.has(name)).map((name) => [pluginForm(name), name]));
  const moves = new Map(
    before
      .filter((name) => !news.has(name))
      .flatMap((name) => {
        const next = arrived.get(pluginForm(name));
        return next === undefined ? [] : [[name, next] as const];
      }),
  );
  return (resource) => moves.get(resource) ?? resource;
}
