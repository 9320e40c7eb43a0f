/** Names of keys and accounts on a service: how they are drawn, what they prove, and how they are recognised. */
import { createHash, randomBytes } from "node:crypto";
import type { Capabilities } from "../../vendors/capabilities";
import { lengthOf, lettersOf, type NameRules, nameRules, plainNames, prefixOn } from "../../vendors/name-rules";

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
 * A separator, then 10 characters without a proof, or 19 that prove the state and the resource: see {@link
 * Names.provenName}. The service may change their case. The short form counts only after the vendor's own separator.
 */
const suffixForms = new Map(
  ["-", "_", ".", ":"].map((separator) => [
    separator,
    new RegExp(`(?:[-_.:][0-9a-f]{4}[a-z2-7]{15}|[${separator}][0-9a-f]{10})$`, "i"),
  ]),
);

export { suffixLength } from "../../values/name-suffix";
/** Characters that {@link Names.provenName} adds to the prefix. */
export const provenSuffixLength = 20;

/** Whom a name belongs to: the part of the suffix that is the same for one resource of one state. */
export interface ResourceMark {
  /** 4 hex of the stack and 4 characters of the state's identity: the same for all resources of one state. */
  readonly state: string;
  /** 5 characters of the state's identity, the resource's type and its logical name. */
  readonly resource: string;
}

export function resourceMark(identity: string, type: string, origin: Origin): ResourceMark {
  const stack = stackOf(origin);
  return {
    state: `${stackMark(origin)}${letters(4, identity, stack)}`,
    resource: letters(5, identity, stack, type, logicalName(origin)),
  };
}

/** Whom a name belongs to; undefined if it does not prove that. */
export function markOf(name: string): ResourceMark | undefined {
  const mark = usualNames.markerIn(name).slice(1).toLowerCase();
  if (mark.length !== provenSuffixLength - 1 || letters(1, mark.slice(0, -1)) !== mark.slice(-1)) return undefined;
  return { state: mark.slice(0, 8), resource: mark.slice(8, 13) };
}

const alphabet = "abcdefghijklmnopqrstuvwxyz234567";

function letters(count: number, ...parts: readonly string[]): string {
  const hash = createHash("sha256").update(JSON.stringify(parts)).digest();
  return Array.from({ length: count }, (_, index) => alphabet[(hash[index] ?? 0) % alphabet.length]).join("");
}

interface Named {
  readonly name?: string;
  readonly exactName?: boolean;
  readonly origin: Origin;
}

/**
 * True if both ask for the same name. It is no change to write out the default name, or to give a resource without a
 * name of its own another logical name.
 */
export function sameName(olds: Named, news: Named): boolean {
  if (olds.name === news.name) return true;
  return (olds.name ?? logicalName(olds.origin)) === (news.name ?? logicalName(news.origin));
}

/** `organisation/project/stack`. */
export function stackOf(origin: Origin): string {
  return origin.split("/").slice(0, 3).join("/");
}

/** First 4 hex of SHA-256 of organisation/project/stack. */
export function stackMark(origin: Origin): string {
  return createHash("sha256").update(stackOf(origin)).digest("hex").slice(0, 4);
}

/** How the names of keys, or of accounts, are made and recognised on a service. */
export function namesOn(
  { capabilities }: { readonly capabilities: Pick<Capabilities, "limits"> },
  kind: "keys" | "accounts",
): Names {
  return new Names(nameRules(capabilities, kind));
}

/** Names that follow one service's rules. */
export class Names {
  readonly #rules: NameRules;

  constructor(rules: NameRules = plainNames) {
    this.#rules = rules;
  }

  /**
   * `<prefix>-<4 hex of the stack><6 random hex>`: unique to one create, so that two generations can exist side by
   * side, and a key with this name comes from that create.
   */
  physicalName(prefix: string, origin: Origin): string {
    return this.#joined(prefix, `${stackMark(origin)}${randomBytes(3).toString("hex")}`);
  }

  /**
   * `<prefix>-<state><resource><5 random characters><1 check character>`: as {@link physicalName}, and it proves the
   * state and the resource, for the run after a killed one.
   */
  provenName(prefix: string, { state, resource }: ResourceMark): string {
    const mark = `${state}${resource}${letters(5, randomBytes(16).toString("hex"))}`;
    return this.#joined(prefix, `${mark}${letters(1, mark)}`);
  }

  /** Whether a prefix leaves room for the mark that proves the resource. */
  hasRoomForProof(prefix: string): boolean {
    const { mark, length } = this.#rules;
    return mark === "proven" && lengthOf(prefixOn(prefix, this.#rules), this.#rules) + provenSuffixLength <= length;
  }

  /** Names that a prefix may get, with every character that a suffix can hold. */
  examples(prefix: string): readonly string[] {
    const short = ["0123456789", "abcdefabcd"];
    const proven = ["0123abcdefghijklmno", "4567pqrstuvwxyz2345", "89ab67aaaaaaaaaaaaa", "cdefaaaaaaaaaaaaaaa"];
    const marks = [...short, ...(this.hasRoomForProof(prefix) ? proven : [])];
    return marks.map((mark) => this.#joined(prefix, mark));
  }

  /** The part of a name that this package drew; empty if it drew none. A rename keeps it. */
  markerIn(name: string): string {
    return suffixForms.get(this.#rules.separator)?.exec(name.trimEnd())?.[0] ?? "";
  }

  /** True for names in the form that this package draws, for whichever resource. */
  hasMarkerForm(name: string): boolean {
    return this.markerIn(name) !== "";
  }

  /** True if both names come from one create of ours, whatever case the service uses. */
  sameMarker(a: string, b: string): boolean {
    const [one, other] = [this.markerIn(a), this.markerIn(b)];
    return one !== "" && one.slice(1).toLowerCase() === other.slice(1).toLowerCase();
  }

  /** True for the same name, or one of the same mark. */
  isNamed(name: string, wanted: string): boolean {
    return name === wanted || this.sameMarker(name, wanted);
  }

  /** True if a name contains the mark of this one: some services write something behind it. */
  contains(name: string, wanted: string): boolean {
    const marker = this.markerIn(wanted);
    return marker !== "" && name.toLowerCase().includes(marker.slice(1).toLowerCase());
  }

  /** True if both names have the mark of one stack. */
  ofSameStack(a: string, b: string): boolean {
    return this.plainMarkOf(a) !== undefined && this.plainMarkOf(a) === this.plainMarkOf(b);
  }

  /** The 4 hex of the stack in a name: no proof, because stacks of the same names in other backends share them. */
  plainMarkOf(name: string): string | undefined {
    return this.hasMarkerForm(name) ? this.markerIn(name).slice(1, 5).toLowerCase() : undefined;
  }

  /** The new prefix with the suffix of the old physical name. */
  renamed(prefix: string, oldPhysicalName: string): string {
    return prefixOn(prefix, this.#rules) + this.markerIn(oldPhysicalName);
  }

  /** The physical name after a rename; a user's own name is kept verbatim, even if it looks like one of ours. */
  newPhysicalName(inputs: Named, oldPhysicalName: string): string {
    const prefix = inputs.name ?? logicalName(inputs.origin);
    return inputs.exactName === true ? prefix : this.renamed(prefix, oldPhysicalName);
  }

  /**
   * A name with our mark, for a message. The service may have changed the prefix, which is shown only if it is ours.
   */
  markedName(name: string, prefix: string): string {
    return name === this.renamed(prefix, name) ? name : `…${this.markerIn(name)}`;
  }

  /** Prefix and mark as the service keeps them. */
  #joined(prefix: string, mark: string): string {
    return `${prefixOn(prefix, this.#rules)}${this.#rules.separator}${lettersOf(mark, this.#rules)}`;
  }
}

/** Names on services that take any name. */
export const usualNames = new Names();
