import { createHash, randomBytes } from "node:crypto";

/**
 * Which resource of which stack: `organisation/project/stack/logical name`. The SDK passes it with
 * every resource; it never causes a diff. One text, because it stands in every state twice.
 */
export type Origin = string;

/** The resource's logical name, which may itself hold slashes. */
export function logicalName(origin: Origin): string {
  return origin.split("/").slice(3).join("/");
}

/** `-`, then 10 characters without a proof, or 19 that prove the state and the resource: see {@link provenName}. */
const suffixForm = /-(?:[0-9a-f]{10}|[0-9a-f]{4}[a-z2-7]{15})$/;

export { suffixLength } from "../name-suffix";
/** Characters that {@link provenName} adds to the prefix. */
export const provenSuffixLength = 20;

/**
 * `<prefix>-<4 hex of the stack><6 random hex>`: unique to one create, so that two generations can
 * stand side by side, and so that what is found under it was made by that very create.
 */
export function physicalName(
  prefix: string,
  origin: Origin,
  random: () => string = () => randomBytes(3).toString("hex"),
): string {
  return `${prefix}-${stackMark(origin)}${random()}`;
}

/** Names that a prefix may get on a service, with every character that a suffix can hold. */
export function exampleNames(prefix: string, nameLength: number): readonly string[] {
  const short = ["0123456789", "abcdefabcd"];
  const proven = ["0123abcdefghijklmno", "4567pqrstuvwxyz2345", "89ab67aaaaaaaaaaaaa", "cdefaaaaaaaaaaaaaaa"];
  const fits = prefix.length + provenSuffixLength <= nameLength;
  return [...short, ...(fits ? proven : [])].map((suffix) => `${prefix}-${suffix}`);
}

/** Whose a name is: the part of the suffix that stays the same for one resource of one state. */
export interface ResourceMark {
  /** 4 hex of the stack and 4 characters of the state's identity: the same for all resources of one state. */
  readonly state: string;
  /** 5 characters of the state's identity, the resource's type and its logical name. */
  readonly resource: string;
}

export function resourceMark(identity: string, type: string, origin: Origin): ResourceMark {
  const stack = origin.split("/").slice(0, 3).join("/");
  return {
    state: `${stackMark(origin)}${letters(4, identity, stack)}`,
    resource: letters(5, identity, stack, type, logicalName(origin)),
  };
}

/**
 * `<prefix>-<state><resource><5 random characters><1 check character>`: as {@link physicalName}, and a proof of the state and
 * the resource it was made for, for the run after one that was killed.
 */
export function provenName(
  prefix: string,
  { state, resource }: ResourceMark,
  random: () => string = () => letters(5, randomBytes(16).toString("hex")),
): string {
  const mark = `${state}${resource}${random()}`;
  return `${prefix}-${mark}${letters(1, mark)}`;
}

/** Whose a name is, where it proves that. */
export function markOf(name: string): ResourceMark | undefined {
  const mark = suffixForm.exec(name)?.[0].slice(1);
  if (mark?.length !== provenSuffixLength - 1 || letters(1, mark.slice(0, -1)) !== mark.slice(-1)) return undefined;
  return { state: mark.slice(0, 8), resource: mark.slice(8, 13) };
}

const alphabet = "abcdefghijklmnopqrstuvwxyz234567";

function letters(count: number, ...parts: readonly string[]): string {
  const hash = createHash("sha256").update(JSON.stringify(parts)).digest();
  return Array.from({ length: count }, (_, index) => alphabet[(hash[index] ?? 0) % alphabet.length]).join("");
}

/** The part of a name that this package drew; empty where it drew none. A rename keeps it. */
export function markerIn(name: string): string {
  return suffixForm.exec(name)?.[0] ?? "";
}

/** The new prefix with the suffix of the old physical name. */
export function renamed(prefix: string, oldPhysicalName: string): string {
  return prefix + markerIn(oldPhysicalName);
}

interface Named {
  readonly name?: string;
  readonly exactName?: boolean;
  readonly origin: Origin;
}

/**
 * True where both ask for the same name. Writing out the name that a resource would have anyway is no
 * change, and neither is a new logical name of a resource that has none of its own.
 */
export function sameName(olds: Named, news: Named): boolean {
  if (olds.name === news.name) return true;
  return (olds.name ?? logicalName(olds.origin)) === (news.name ?? logicalName(news.origin));
}

/** The physical name after a rename; a user's own name is kept verbatim, even where it looks like one of ours. */
export function newPhysicalName(inputs: Named, oldPhysicalName: string): string {
  const prefix = inputs.name ?? logicalName(inputs.origin);
  return inputs.exactName === true ? prefix : renamed(prefix, oldPhysicalName);
}

/** True for names that this package draws, whoever's they are. */
export function hasMarkerForm(name: string): boolean {
  return suffixForm.test(name);
}

/** True where both names carry the mark of one stack. */
export function ofSameStack(a: string, b: string): boolean {
  return plainMarkOf(a) !== undefined && plainMarkOf(a) === plainMarkOf(b);
}

/** The 4 hex of the stack in a name: no proof, because stacks of the same names in other backends share them. */
export function plainMarkOf(name: string): string | undefined {
  return suffixForm.exec(name)?.[0].slice(1, 5);
}

/** A name with our mark, of which the service may have written the rest: that is told only where it is the prefix that we gave. */
export function markedName(name: string, prefix: string): string {
  return name === renamed(prefix, name) ? name : renamed("…", name);
}

/** First 4 hex of SHA-256 of organisation/project/stack. */
export function stackMark(origin: Origin): string {
  const stack = origin.split("/").slice(0, 3).join("/");
  return createHash("sha256").update(stack).digest("hex").slice(0, 4);
}
