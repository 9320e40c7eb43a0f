import { createHash, randomBytes } from "node:crypto";

/** Which resource of which stack: the SDK passes it with every resource; it never causes a diff. */
export interface Origin {
  readonly organization: string;
  readonly project: string;
  readonly stack: string;
  /** The resource's logical name. */
  readonly name: string;
}

const suffixForm = /-[0-9a-f]{4}[0-9a-f]{6}$/;

/** Characters that {@link physicalName} adds to the prefix. */
export const suffixLength = 11;

/**
 * `<prefix>-<4 hex of the stack><6 random hex>`: unique to one create, so that two generations can
 * stand side by side, and so that what is found under it was made by that very create.
 */
export function physicalName(prefix: string, origin: Origin, random: () => string = () => randomBytes(3).toString("hex")): string {
  return `${prefix}-${stackMark(origin)}${random()}`;
}

/** The new prefix with the suffix of the old physical name: a rename keeps the marker. */
export function renamed(prefix: string, oldPhysicalName: string): string {
  return `${prefix}${suffixForm.exec(oldPhysicalName)?.[0] ?? ""}`;
}

/** First 4 hex of SHA-256 of organisation/project/stack. */
export function stackMark({ organization, project, stack }: Origin): string {
  return createHash("sha256").update(`${organization}/${project}/${stack}`).digest("hex").slice(0, 4);
}
