import type { AccountRow } from "../account-rows";
import type { Level, RuleId } from "../levels";
import type { Location } from "../location";
import type { Limits, Policy } from "../policy";
import type { PreviewDiagnostic } from "../preview-form";
import type { ProjectEdit } from "../file-parts";
import type { ResourceChange } from "../stack-change";
import { isKey, type ForeignCode, type Side, type Unit, type Unreviewable } from "../units";

/** One check of the review. `check` is pure: the same context gives the same problems. */
export interface Rule {
  readonly id: RuleId;
  /** A few words for a heading and for the names of tests and policies. */
  readonly title: string;
  /** The level if the policy file sets no other. */
  readonly level: Level;
  /** `new-state` rules also run as a policy pack, which sees no old state. */
  readonly needs: "new-state" | "both-states" | "command";
  /** False: no waiver can lift it. Default: true. */
  readonly waivable?: false;
  /**
   * `stack`: its findings are about the stack, not one resource. `moves`: the same, and they count for every row that
   * moves to another server. Default: each is about the resource that it names.
   */
  readonly concerns?: "stack" | "moves";
  /**
   * True: it needs only the delta of a report. A report without the findings that follow from the delta is refused.
   * Default: false.
   */
  readonly followsFromDelta?: true;
  /** How to resolve it, in our own words. */
  readonly help: string;
  readonly check: (context: RuleContext) => Problem[];
}

export interface Problem {
  /** The resource of the problem, as a waiver names it. */
  readonly urn: string;
  /** One sentence. The program's words are in backticks, made harmless by `quoted`. */
  readonly message: string;
  /** Distinguishes problems of the same rule and resource: a scope, a property. */
  readonly subject?: string;
  /** What a waiver names in `covers`. Default: the subject. */
  readonly covers?: string;
  /** SHA-256 of the code or the server in question, or `hidden`: a waiver applies to this one only. */
  readonly code?: string;
  /** The key's environment, for levels that differ by environment. */
  readonly environment?: string;
  /** The level of this problem if it is lower than the rule's own. The policy file overrides both. */
  readonly level?: Level;
  readonly location: Location;
}

export interface RuleContext {
  readonly stack?: string;
  readonly units: readonly Unit[];
  readonly rows: readonly AccountRow[];
  readonly changes: readonly ResourceChange[];
  /** Resources that may be ours and cannot be reviewed. */
  readonly strangers: readonly Unreviewable[];
  readonly code: readonly ForeignCode[];
  readonly policy: Policy;
  readonly policyEdit?: PolicyEdit;
  /** How the change edits the files that decide which code the engine runs. */
  readonly projectEdits?: readonly ProjectEdit[];
  readonly limits: (environment: string | undefined) => Limits;
  readonly nowMs: number;
  readonly diagnostics: readonly PreviewDiagnostic[];
  readonly config: Readonly<Record<string, unknown>>;
  /** The stack itself, for problems that belong to no resource. */
  readonly stackUrn: string;
  readonly projectFile: Location;
  /** False if the preview does not say who uses what. */
  readonly knowsConsumers: boolean;
  /** The stack has secret outputs, which other stacks may read. */
  readonly exportsSecrets: boolean;
}

/** How the change edits the policy file that the review was given. */
export type PolicyEdit = "changed" | "added" | "removed";

/** Applies a check to every key that will exist. */
export function everyKey(context: RuleContext, ask: (key: Unit, after: Side) => readonly Answer[]): Problem[] {
  const problems: Problem[] = [];
  for (const unit of context.units) {
    if (!isKey(unit) || !unit.after) continue;
    for (const answer of ask(unit, unit.after)) problems.push(problemOf(unit, answer));
  }
  return problems;
}

type Answer = Pick<Problem, "message"> & Partial<Pick<Problem, "subject" | "covers" | "code">>;

export function problemOf(unit: Unit, answer: Answer): Problem {
  const environment = unit.after?.facts.environment ?? unit.before?.facts.environment;
  return { urn: unit.urn, location: unit.location, ...(environment === undefined ? {} : { environment }), ...answer };
}
