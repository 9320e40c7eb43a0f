import type { AccountRow } from "../account-rows";
import type { Level, RuleId } from "../levels";
import type { Location } from "../location";
import type { Limits, Policy } from "../policy";
import type { PreviewDiagnostic } from "../preview-form";
import type { ResourceChange } from "../stack-change";
import { isKey, type ForeignCode, type Side, type Unit, type Unreviewable } from "../units";

/** One question that the review asks. `check` is pure: the same context gives the same problems. */
export interface Rule {
  readonly id: RuleId;
  /** A few words for a heading and for the names of tests and policies. */
  readonly title: string;
  /** The level where the policy file sets no other. */
  readonly level: Level;
  /** `new-state` rules also run as a policy pack, which sees no old state. */
  readonly needs: "new-state" | "both-states" | "command";
  /** False: no waiver lifts it. Default true. */
  readonly waivable?: false;
  /**
   * `stack`: its findings are about the stack and not about one resource. `moves`: that, and they count for every row that
   * moves to another server. Default: each is about the resource that it names.
   */
  readonly concerns?: "stack" | "moves";
  /** True: it needs nothing but the delta of a report, which is refused without the findings that follow from it. Default false. */
  readonly followsFromDelta?: true;
  /** What to do about it. Our own words. */
  readonly help: string;
  readonly check: (context: RuleContext) => Problem[];
}

export interface Problem {
  /** The resource that it is about, as a waiver names it. */
  readonly urn: string;
  /** One sentence; the program's words in backticks, made harmless by `quoted`. */
  readonly message: string;
  /** Sets it apart from other problems of the same rule and resource: a scope, a property. */
  readonly subject?: string;
  /** SHA-256 of the code that it is about, or `hidden`: a waiver holds for this code alone. */
  readonly code?: string;
  /** Of the key, for levels that differ by environment. */
  readonly environment?: string;
  /** Where this one weighs less than the rule's own level. The policy file's word wins over both. */
  readonly level?: Level;
  readonly location: Location;
}

export interface RuleContext {
  readonly stack?: string;
  readonly units: readonly Unit[];
  readonly rows: readonly AccountRow[];
  readonly changes: readonly ResourceChange[];
  /** What may be ours and cannot be reviewed. */
  readonly strangers: readonly Unreviewable[];
  readonly code: readonly ForeignCode[];
  readonly policy: Policy;
  readonly policyEdit?: PolicyEdit;
  readonly limits: (environment: string | undefined) => Limits;
  readonly nowMs: number;
  readonly diagnostics: readonly PreviewDiagnostic[];
  readonly config: Readonly<Record<string, unknown>>;
  /** The stack itself, for problems that belong to no resource. */
  readonly stackUrn: string;
  readonly projectFile: Location;
  /** False where the preview says nothing of who uses what. */
  readonly knowsConsumers: boolean;
  /** The stack has secret outputs, which other stacks may read. */
  readonly exportsSecrets: boolean;
}

/** How the policy file in the change differs from the one that the review was given. */
export type PolicyEdit = "changed" | "added" | "removed";

/** Asks a question of every key that there will be. */
export function everyKey(
  context: RuleContext,
  ask: (key: Unit, after: Side) => readonly (Pick<Problem, "message"> & Partial<Pick<Problem, "subject">>)[],
): Problem[] {
  return context.units.flatMap((unit) => {
    const { after } = unit;
    if (!isKey(unit) || !after) return [];
    return ask(unit, after).map((answer) => problemOf(unit, answer));
  });
}

export function problemOf(unit: Unit, answer: Pick<Problem, "message"> & Partial<Pick<Problem, "subject">>): Problem {
  const environment = unit.after?.facts.environment ?? unit.before?.facts.environment;
  return { urn: unit.urn, location: unit.location, ...(environment === undefined ? {} : { environment }), ...answer };
}
