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
  // By hand, because a review takes apart every URN several times.
  const project = urn.indexOf("::", "urn:pulumi:".length) + 2;
  const type = project < 2 ? -1 : urn.indexOf("::", project) + 2;
  const name = type < 2 ? -1 : urn.indexOf("::", type) + 2;
  if (name < 2) return undefined;
  const qualifiedType = urn.slice(type, name - 2);
  return {
    stack: urn.slice("urn:pulumi:".length, project - 2),
    project: urn.slice(project, type - 2),
    qualifiedType,
    type: qualifiedType.slice(qualifiedType.lastIndexOf("$") + 1),
    name: urn.slice(name),
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
