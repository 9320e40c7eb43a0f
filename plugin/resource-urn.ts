/** Which resource a call is about, by its URN: `urn:pulumi:<stack>::<project>::<parents>$<type>::<name>`. */
import * as runtime from "../provider/runtime";
import type { Origin } from "../provider/resources/identity/names";

export type ClassName = keyof typeof runtime;

export interface ResourceUrn {
  readonly className: ClassName;
  /** The stack path of the resource; the engine tells a plugin no organisation. */
  readonly origin: Origin;
}

/** @param organization - as the provider's configuration has it: a plugin is not told it */
export function readUrn(urn: string, organization: string): ResourceUrn {
  const [stack = "", project = "", type = "", ...name] = urn.replace(/^urn:pulumi:/, "").split("::");
  const token = type.slice(type.lastIndexOf("$") + 1);
  const className = token.slice(token.lastIndexOf(":") + 1);
  if (!token.startsWith("apikeys:index:") || !isClass(className))
    throw new Error(
      `there is no resource type "${token}" in the package apikeys; write apikeys:index:${Object.keys(runtime).join(", apikeys:index:")}`,
    );
  return { className, origin: [organization, project, stack, name.join("::")].join("/") };
}

function isClass(name: string): name is ClassName {
  return Object.hasOwn(runtime, name);
}
