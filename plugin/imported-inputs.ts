/**
 * What a program says of a key that it imports, and no service tells. The engine accepts an import only where nothing differs, and
 * keeps the inputs as the service has them: the update after it records the rest. So nothing may be passed over here that such
 * an update would replace, rotate or change on the service.
 */
import type { Properties } from "./properties";

/** Stands in the record alone. */
const recordOnly = [
  ...["labels", "onDisabled", "fullAccess", "allowOutage", "revokeOnDestroy", "firstRotation"],
  ...["rotateEvery", "rotateBefore", "overlap", "retire", "maxOverlap", "jitter"],
] as const;

/** The record while it is imported, with what the program says where that is the only place. */
export function asImported(record: Properties, inputs: Properties): Properties {
  const said = recordOnly.flatMap((name) => (inputs[name] === undefined ? [] : [[name, inputs[name]] as const]));
  return { ...record, ...Object.fromEntries(said) };
}
