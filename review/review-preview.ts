import { dayMs } from "../provider/values/durations";
import { formatTime } from "../provider/values/times";
import { accountRows, type AccountRow } from "./account-rows";
import { approvedOf } from "./approved-of";
import { reviewedOf } from "./delta";
import { digestOf } from "./digest";
import { exactText } from "./exact-text";
import { findings as findAll } from "./findings";
import { inert, quoted, quotedList } from "./inert";
import { keyChanges } from "./key-changes";
import type { FailOn } from "./levels";
import { projectFile } from "./location";
import { lockOf, type AccessLock } from "./lock";
import { lockDifferences } from "./lock-differences";
import { identify } from "./ours";
import { defaultPolicy, limitsFor, type Limits, type Policy } from "./policy";
import { readPreview, type Preview } from "./preview";
import { secretValue } from "./resource-facts";
import { outcomeOf } from "./outcome";
import type { Report } from "./report";
import { tablesOf } from "./report-tables";
import type { ProjectEdit } from "./file-parts";
import type { PolicyEdit, RuleContext } from "./rules/rule";
import type { ResourceChange } from "./stack-change";
import { readUnits } from "./read-units";
import type { Unit, Units, Unreviewable } from "./units";
import { subjectOf } from "./wording";

export interface ReviewRequest {
  /** The output of `pulumi preview --json --show-sames`, as bytes or text. */
  readonly preview: string | Uint8Array;
  readonly policy: Policy;
  readonly policyEdit?: PolicyEdit;
  readonly projectEdits?: readonly ProjectEdit[];
  readonly nowMs: number;
  /** The Pulumi project's folder inside the repository, with `/`; empty for the root. */
  readonly projectPath: string;
  readonly failOn: FailOn;
  readonly expectNoAccessChange: boolean;
  readonly allowEmpty: boolean;
  /** Text of the committed lock file, if one should be compared. */
  readonly lock?: string;
  readonly part?: string;
  /** For a preview that failed before it named its stack. */
  readonly stack?: string;
  readonly project?: string;
}

/** Turns a preview into a report. Pure: the same request gives the same report. */
export function reviewPreview(request: ReviewRequest): Report {
  const { policy } = request;
  const preview = readPreview(request.preview);
  const stack = preview.stack ?? request.stack ?? "";
  const project = preview.project ?? request.project ?? "";
  const { units, changes, strangers, code } = readUnits(preview, policy.document, request.projectPath);
  // Whole days: a review gives the same result all day.
  const nowMs = Math.floor(request.nowMs / dayMs) * dayMs;
  const rows = accountRows(units);
  const keys = keyChanges(units, new Map(changes.map(({ urn, op }) => [urn, op])), preview.knowsConsumers);
  const stackUrn =
    changes.find(({ after, before }) => (after ?? before)?.type === "pulumi:pulumi:Stack")?.urn ??
    `urn:pulumi:${stack}::${project}::pulumi:pulumi:Stack::${project}-${stack}`;

  const context: RuleContext = {
    stack,
    units,
    rows,
    changes,
    strangers,
    code,
    policy,
    ...(request.policyEdit === undefined ? {} : { policyEdit: request.policyEdit }),
    ...(request.projectEdits === undefined ? {} : { projectEdits: request.projectEdits }),
    limits: rememberedLimits(policy, stack),
    nowMs,
    diagnostics: preview.diagnostics,
    config: preview.config,
    stackUrn,
    projectFile: projectFile(request.projectPath),
    knowsConsumers: preview.knowsConsumers,
    exportsSecrets: hasSecretOutputs(changes, stackUrn),
  };
  const findings = findAll(context);
  const unreviewed = unreviewedOf(request, preview, units, strangers);
  const reviewed = reviewedOf(units, code);
  const accessChanged = reviewed.delta.length + reviewed.code.length > 0;
  const lock =
    request.lock === undefined || preview.problems.length > 0
      ? null
      : compareLock(request.lock, project, stack, { units, code });

  const outcome = { failOn: request.failOn, expectedNoAccessChange: request.expectNoAccessChange };
  const shown = { project: inert(project), stack: inert(stack) };
  return {
    schemaVersion: 2,
    ...shown,
    part: request.part === undefined ? null : inert(request.part),
    ...outcomeOf({ ...outcome, unreviewed, lock, findings, ...reviewed }),
    ...outcome,
    reviewedOn: formatTime(nowMs).slice(0, 10),
    complete: preview.problems.length === 0,
    accessChanged,
    digest: digestOf({ ...shown, ...reviewed, unreviewed }),
    ...reviewed,
    approved: approvedOf(units, code, changes),
    ...tablesOf(reviewed, findings, { nowMs, ownerOf: ownersOf(units), keyOf: (urn) => keys.get(urn) }),
    findings,
    unreviewed,
    lock,
    notes: notesOf(preview, changes, units),
  };
}

/** Everything that nobody has reviewed. A single entry keeps a review from being green. */
function unreviewedOf(
  request: Pick<ReviewRequest, "allowEmpty">,
  preview: Preview,
  units: readonly Unit[],
  strangers: readonly Unreviewable[],
): Report["unreviewed"] {
  const unreviewed: { urn: string | null; reason: string }[] = preview.problems.map((reason) => ({
    urn: null,
    reason,
  }));
  for (const { urn, after } of units) {
    for (const reason of after?.access.unreadable ?? []) unreviewed.push({ urn: exactText(urn), reason });
  }
  for (const { urn, why } of strangers) unreviewed.push({ urn: exactText(urn), reason: why });
  if (units.length === 0 && unreviewed.length === 0 && !request.allowEmpty) {
    unreviewed.push({
      urn: null,
      reason:
        "The preview has no service account and no API key. If that is right for this stack, say `--allow-empty`.",
    });
  }
  // Sorted, because the digest covers these as well and the engine's order can vary.
  return unreviewed.sort((a, b) => compareTexts(a.urn ?? "", b.urn ?? "") || compareTexts(a.reason, b.reason));
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareLock(
  text: string,
  project: string,
  stack: string,
  resources: Pick<Units, "units" | "code">,
): NonNullable<Report["lock"]> {
  const differences = lockDifferences(text, lockOf(project, stack, resources));
  return { current: differences.length === 0, differences };
}

/** The owner of a row's account, from its label, or else from the labels of its keys. */
function ownersOf(units: readonly Unit[]): (row: AccountRow) => string | null {
  const owners = new Map(
    units.map(({ urn, after, before }) => [exactText(urn), (after ?? before)?.facts.labels.owner] as const),
  );
  return ({ account, keys }) =>
    [...(account ? [account] : []), ...keys].map(({ urn }) => owners.get(urn)).find((owner) => owner !== undefined) ??
    null;
}

function notesOf(preview: Preview, changes: readonly ResourceChange[], units: readonly Unit[]): string[] {
  const notes: string[] = [];
  if (preview.holdsDebugMessages) {
    notes.push(
      "This event stream holds the engine's debug messages, and those have secret values in clear: do not keep the file. The digest of `pulumi preview --json` has none.",
    );
  }
  if (!preview.knowsConsumers)
    notes.push("The event form of a preview does not say who uses a key; the digest of `pulumi preview --json` does.");
  const drifted = changes.filter(({ isDrifted }) => isDrifted).map(({ urn }) => urn);
  const found = units.filter(({ urn }) => drifted.includes(urn));
  if (found.length > 0)
    notes.push(
      `The refresh in this preview found ${quotedList(found.map(({ name }) => name))} other than recorded. The tables compare the program with what was found, so what somebody gave it on its service is no gain here: review a preview without a refresh as well.`,
    );
  const kept = units.filter(({ keptDespite }) => keptDespite !== undefined);
  if (kept.length > 0)
    notes.push(
      `${kept.length} key(s) are planned as replaced, which will not happen: their \`keepers\` come from keys that this run keeps.`,
    );
  const leftovers = changes.filter((change) => change.leftovers.some((state) => identify(state).kind === "ours"));
  if (leftovers.length > 0)
    notes.push(
      leftovers.length === 1
        ? "1 old key that an earlier update could not revoke is revoked by this one."
        : `${leftovers.length} old keys that an earlier update could not revoke are revoked by this one.`,
    );
  return notes;
}

function hasSecretOutputs(changes: readonly ResourceChange[], stackUrn: string): boolean {
  const stack = changes.find(({ urn }) => urn === stackUrn);
  const outputs = [stack?.before?.outputs ?? {}, stack?.after?.outputs ?? {}];
  return outputs.some((each) => JSON.stringify(each).includes(JSON.stringify(secretValue)));
}

function rememberedLimits(policy: Policy, stack: string): (environment: string | undefined) => Limits {
  const known = new Map<string | undefined, Limits>();
  return (environment) => {
    const limits = known.get(environment) ?? limitsFor(policy.document, stack, environment);
    known.set(environment, limits);
    return limits;
  };
}

/** The lock of a preview, and why it cannot be written or compared. */
export function lockPreview(request: Pick<ReviewRequest, "preview" | "policy" | "projectPath" | "allowEmpty">): {
  readonly lock: AccessLock;
  readonly problems: readonly string[];
} {
  const preview = readPreview(request.preview);
  const { units, code, strangers } = readUnits(preview, request.policy.document, request.projectPath);
  const unreviewed = unreviewedOf(request, preview, units, strangers);
  return {
    lock: lockOf(preview.project ?? "", preview.stack ?? "", { units, code }),
    problems: unreviewed.map(({ urn, reason }) => (urn === null ? reason : `${subjectOf(urn)}: ${reason}`)),
  };
}

/** The report of a review that could not run: it replaces an older verdict, which must not stay. */
export function failedReview(failure: {
  readonly preview: string | Uint8Array;
  readonly exitCode: number;
  readonly reason: string;
  readonly failOn: FailOn;
  readonly part?: string;
  readonly stack?: string;
  readonly project?: string;
}): Report {
  const { project, stack } = readPreview(failure.preview);
  const report = reviewPreview({
    preview: "",
    policy: defaultPolicy,
    nowMs: 0,
    projectPath: "",
    failOn: failure.failOn,
    expectNoAccessChange: false,
    allowEmpty: false,
    ...(failure.part === undefined ? {} : { part: failure.part }),
    stack: stack ?? failure.stack ?? "",
    project: project ?? failure.project ?? "",
  });
  return {
    ...report,
    exitCode: failure.exitCode,
    reviewedOn: null,
    digest: null,
    unreviewed: failure.reason
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "")
      .map((line) => ({ urn: null, reason: quoted(line, 600) })),
  };
}
