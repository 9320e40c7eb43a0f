/** What the user is told while a resource is worked on: the engine shows nothing that a plugin prints. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { EngineLog } from "../provider/engine/engine-log";

const urns = new AsyncLocalStorage<string>();

/** Whatever is told meanwhile is about this resource. */
export function aboutResource<Result>(urn: string, run: () => Promise<Result>): Promise<Result> {
  return urns.run(urn, run);
}

/** Tells warnings of the resource that is worked on. */
export function warningsBy(log: EngineLog): (message: string) => void {
  return (message) => log(message, "warning", urns.getStore());
}
