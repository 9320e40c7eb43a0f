import { createHash, randomBytes } from "node:crypto";
import { lengthOf, lettersOf, type NameRules, plainNames, prefixOn } from "../vendors/name-rules";

/**
 * Which resource of which stack: `organisation/project/stack/logical name`. The SDK passes it with
 * every resource; it never causes a diff. One text, because it stands in every state twice.
 */
export type Origin = string;

/** The resource's logical name, which may itself hold slashes. */
export function logicalName(origin: Origin): string {
  return origin.split("/").slice(3).join("/");
}

/**
 * A separator, then 10 characters without a proof, or 19 that prove the state and the resource: see {@link provenName}. In
 * whatever letters the service keeps them. What proves nothing counts after the vendor's own separator alone.
 */
const suffixForms = new Map(
  ["-", "_", ".", ":"].map((separator) => [
    separator,
    new RegExp(`(?:[-_.:][0-9a-f]{4}[a-z2-7]{15}|[${separator}][0-9a-f]{10})$`, "i"),
  ]),
);

function suffixOf(name: string, { separator }: Pick<NameRules, "separator"> = plainNames): string | undefined {
  return suffixForms.get(separator)?.exec(name.trimEnd())?.[0];
}

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
  rules: NameRules = plainNames,
): string {
  return joined(prefix, `${stackMark(origin)}${random()}`, rules);
}

/** Prefix and mark as the service keeps them. */
function joined(prefix: string, mark: string, rules: NameRules): string {
  return `${prefixOn(prefix, rules)}${rules.separator}${lettersOf(mark, rules)}`;
}

/** Whether a prefix leaves room for the mark that proves the resource. */
export function hasRoomForProof(prefix: string, rules: NameRules): boolean {
  return rules.mark === "proven" && lengthOf(prefixOn(prefix, rules), rules) + provenSuffixLength <= rules.length;
}

/** Names that a prefix may get on a service, with every character that a suffix can hold. */
export function exampleNames(prefix: string, rules: NameRules): readonly string[] {
  const short = ["0123456789", "abcdefabcd"];
  const proven = ["0123abcdefghijklmno", "4567pqrstuvwxyz2345", "89ab67aaaaaaaaaaaaa", "cdefaaaaaaaaaaaaaaa"];
  const marks = [...short, ...(hasRoomForProof(prefix, rules) ? proven : [])];
  return marks.map((mark) => joined(prefix, mark, rules));
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
  rules: NameRules = plainNames,
): string {
  const mark = `${state}${resource}${random()}`;
  return joined(prefix, `${mark}${letters(1, mark)}`, rules);
}

/** Whose a name is, where it proves that. */
export function markOf(name: string): ResourceMark | undefined {
  const mark = suffixOf(name)?.slice(1).toLowerCase();
  if (mark?.length !== provenSuffixLength - 1 || letters(1, mark.slice(0, -1)) !== mark.slice(-1)) return undefined;
  return { state: mark.slice(0, 8), resource: mark.slice(8, 13) };
}

const alphabet = "abcdefghijklmnopqrstuvwxyz234567";

function letters(count: number, ...parts: readonly string[]): string {
  const hash = createHash("sha256").update(JSON.stringify(parts)).digest();
  return Array.from({ length: count }, (_, index) => alphabet[(hash[index] ?? 0) % alphabet.length]).join("");
}

/** The part of a name that this package drew; empty where it drew none. A rename keeps it. */
export function markerIn(name: string, rules?: NameRules): string {
  return suffixOf(name, rules) ?? "";
}

/** True where both names are of one create of ours, in whatever letters the service has kept them. */
export function sameMarker(a: string, b: string, rules?: NameRules): boolean {
  const [one, other] = [suffixOf(a, rules), suffixOf(b, rules)];
  return one !== undefined && other !== undefined && one.slice(1).toLowerCase() === other.slice(1).toLowerCase();
}

/** True for the same name, or one of the same mark. */
export function isNamed(name: string, wanted: string, rules?: NameRules): boolean {
  return name === wanted || sameMarker(name, wanted, rules);
}

/** The new prefix with the suffix of the old physical name. */
export function renamed(prefix: string, oldPhysicalName: string, rules: NameRules = plainNames): string {
  return prefixOn(prefix, rules) + markerIn(oldPhysicalName, rules);
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
export function newPhysicalName(inputs: Named, oldPhysicalName: string, rules: NameRules = plainNames): string {
  const prefix = inputs.name ?? logicalName(inputs.origin);
  return inputs.exactName === true ? prefix : renamed(prefix, oldPhysicalName, rules);
}

/** True for names that this package draws, whoever's they are. */
export function hasMarkerForm(name: string, rules?: NameRules): boolean {
  return suffixOf(name, rules) !== undefined;
}

/** True where both names carry the mark of one stack. */
export function ofSameStack(a: string, b: string, rules?: NameRules): boolean {
  return plainMarkOf(a, rules) !== undefined && plainMarkOf(a, rules) === plainMarkOf(b, rules);
}

/** The 4 hex of the stack in a name: no proof, because stacks of the same names in other backends share them. */
export function plainMarkOf(name: string, rules?: NameRules): string | undefined {
  return suffixOf(name, rules)?.slice(1, 5).toLowerCase();
}

/** A name with our mark, of which the service may have written the rest: that is told only where it is the prefix that we gave. */
export function markedName(name: string, prefix: string, rules: NameRules = plainNames): string {
  return name === renamed(prefix, name, rules) ? name : `…${markerIn(name, rules)}`;
}

/** First 4 hex of SHA-256 of organisation/project/stack. */
export function stackMark(origin: Origin): string {
  const stack = origin.split("/").slice(0, 3).join("/");
  return createHash("sha256").update(stack).digest("hex").slice(0, 4);
}
