/**
 * The parts of a Pulumi URN: `urn:pulumi:<stack>::<project>::<type>[$<type>…]::<name>`. A name may contain `::` itself.
 */
export interface UrnParts {
  readonly stack: string;
  readonly project: string;
  /** The resource's own type, without those of its parents. */
  readonly type: string;
  /** Types of the parents included. */
  readonly qualifiedType: string;
  readonly name: string;
}

export function parseUrn(urn: string): UrnParts | undefined {
  if (!urn.startsWith("urn:pulumi:")) return undefined;
  const [stack, project, qualifiedType, ...name] = urn.slice("urn:pulumi:".length).split("::");
  if (stack === undefined || project === undefined || qualifiedType === undefined || name.length === 0)
    return undefined;
  return {
    stack,
    project,
    qualifiedType,
    type: qualifiedType.slice(qualifiedType.lastIndexOf("$") + 1),
    name: name.join("::"),
  };
}

/** The logical name, or the whole URN if it has an unknown form. */
export function nameOf(urn: string): string {
  return parseUrn(urn)?.name ?? urn;
}

/** Identifies a resource inside its stack: the same in every copy of the stack. */
export function urnInsideStack(urn: string): string {
  const parts = parseUrn(urn);
  return parts ? `${parts.qualifiedType}::${parts.name}` : urn;
}
