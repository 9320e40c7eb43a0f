import { dayMs } from "../provider/durations";
import { formatTime, parseTime } from "../provider/times";
import { sameTarget } from "./access";
import { accountRows, type AccountRow } from "./account-rows";
import { accessDeltaOf, digestOf } from "./digest";
import { exitCodes, gravestExit } from "./exit-code";
import { findings as findAll, type Finding } from "./findings";
import { grantText, type Grant } from "./grants";
import { inert, looksSecret, quoted } from "./inert";
import { keyChanges, type KeyChange } from "./key-changes";
import { graver, reaches, type FailOn, type Level } from "./levels";
import { projectFile } from "./location";
import { lockDifferences, lockOf, type AccessLock } from "./lock";
import { identify } from "./ours";
import { defaultPolicy, limitsFor, type Limits, type Policy } from "./policy";
import { readPreview, type Preview } from "./preview";
import { secretValue } from "./resource-facts";
import type { Report, ReportAccount, ReportKey, Verdict } from "./report";
import type { PolicyEdit, RuleContext } from "./rules/rule";
import type { ResourceChange } from "./stack-change";
import { isKey, readUnits, type Unit, type Unreviewable } from "./units";
import { nameOf } from "./urn";
import { subjectOf } from "./wording";

export interface ReviewRequest {
  /** What `pulumi preview --json --show-sames` printed. */
  readonly preview: string;
  readonly policy: Policy;
  readonly policyEdit?: PolicyEdit;
  readonly nowMs: number;
  /** The Pulumi project's folder inside the repository, with `/`; empty = its root. */
  readonly projectPath: string;
  readonly failOn: FailOn;
  readonly expectNoAccessChange: boolean;
  readonly allowEmpty: boolean;
  /** Text of the committed lock file, where one is to be compared. */
  readonly lock?: string;
  readonly part?: string;
  /** For a preview that failed before it named its stack. */
  readonly stack?: string;
  readonly project?: string;
}

/** The whole way from a preview to a report. Pure: the same request gives the same report. */
export function reviewPreview(request: ReviewRequest): Report {
  const { policy } = request;
  const preview = readPreview(request.preview);
  const stack = preview.stack ?? request.stack ?? "";
  const project = preview.project ?? request.project ?? "";
  const { units, changes, strangers } = readUnits(preview, policy.document, request.projectPath);
  // Whole days: a review says the same all day long.
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
    policy,
    ...(request.policyEdit === undefined ? {} : { policyEdit: request.policyEdit }),
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
  const delta = accessDeltaOf(units);
  const lock =
    request.lock === undefined || preview.problems.length > 0 ? null : compareLock(request.lock, project, stack, units);

  const codes: number[] = [];
  if (unreviewed.length > 0) codes.push(exitCodes.notReviewable);
  if (lock && !lock.current) codes.push(exitCodes.outdated);
  if (findings.some(({ level, waived }) => !waived && reaches(level, request.failOn))) codes.push(exitCodes.finding);
  if (request.expectNoAccessChange && delta.length > 0) codes.push(exitCodes.accessChanged);
  const exitCode = gravestExit(codes);

  const byUrnOf = Map.groupBy(findings, ({ urn }) => urn);
  const moves = findings.filter(({ rule }) => rule === "SR021");
  const accounts = rows.map((row) => accountOf(row, byUrnOf, moves));
  return {
    schemaVersion: 1,
    project: inert(project),
    stack: inert(stack),
    part: request.part === undefined ? null : inert(request.part),
    verdict: verdictOf(exitCode, delta.length > 0),
    exitCode,
    failOn: request.failOn,
    reviewedOn: formatTime(nowMs).slice(0, 10),
    complete: preview.problems.length === 0,
    accessChanged: delta.length > 0,
    expectedNoAccessChange: request.expectNoAccessChange,
    digest: digestOf(project, stack, delta),
    counts: countsOf(units, rows, keys, findings),
    accounts,
    keys: keys.map((key) => keyOf(key, nowMs)).sort(byUrn),
    findings: findings.map((finding) => ({
      ...finding,
      urn: safeUrn(finding.urn),
      ...(finding.waiver ? { waiver: safeWaiver(finding.waiver) } : {}),
    })),
    unreviewed,
    lock,
    notes: notesOf(preview, changes),
  };
}

function verdictOf(exitCode: number, accessChanged: boolean): Verdict {
  if (exitCode === exitCodes.notReviewable) return "not-reviewable";
  if (exitCode !== exitCodes.fine) return "blocked";
  return accessChanged ? "access-changes" : "no-access-change";
}

/** Everything that nobody has looked at. One entry is enough to keep a review from being green. */
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
    for (const reason of after?.access.unreadable ?? []) unreviewed.push({ urn: safeUrn(urn), reason });
  }
  for (const { urn, why } of strangers) unreviewed.push({ urn: safeUrn(urn), reason: why });
  if (units.length === 0 && unreviewed.length === 0 && !request.allowEmpty) {
    unreviewed.push({
      urn: null,
      reason:
        "The preview has no service account and no API key. If that is right for this stack, say `--allow-empty`.",
    });
  }
  return unreviewed;
}

function compareLock(
  text: string,
  project: string,
  stack: string,
  units: readonly Unit[],
): NonNullable<Report["lock"]> {
  const differences = lockDifferences(text, lockOf(project, stack, units));
  return { current: differences.length === 0, differences };
}

function accountOf(
  row: AccountRow,
  findings: ReadonlyMap<string, readonly Finding[]>,
  moves: readonly Finding[],
): ReportAccount {
  const isMoved =
    row.targetBefore !== undefined && row.targetAfter !== undefined && !sameTarget(row.targetBefore, row.targetAfter);
  // A moved connection is one finding of the stack, and concerns every row that moves with it.
  const urns = new Set([row.urn, ...row.keys.map(({ urn }) => urn)]);
  const about = [...[...urns].flatMap((urn) => findings.get(urn) ?? []), ...(isMoved ? moves : [])].filter(
    ({ waived }) => !waived,
  );
  const unit = row.account ?? row.keys[0];
  const facts = unit?.after?.facts ?? unit?.before?.facts;
  const owner =
    facts?.labels.owner ??
    row.keys.map(({ after, before }) => (after ?? before)?.facts.labels.owner).find((name) => name !== undefined);
  return {
    urn: safeUrn(row.urn),
    name: inert(unit?.name ?? nameOf(row.urn)),
    owner: owner === undefined ? null : inert(owner),
    env: row.environment === undefined ? null : inert(row.environment),
    before: shownGrants(row.before),
    after: shownGrants(row.after),
    gains: shownGrants(row.gains),
    loses: shownGrants(row.loses),
    level: about.reduce<Level | "none">((worst, { level }) => graver(worst, level), "none"),
    rules: [...new Set(about.map(({ rule }) => rule))].sort(),
    isAccount: row.account !== undefined,
    targetBefore: row.targetBefore
      ? { backend: inert(row.targetBefore.backend), origin: inert(row.targetBefore.origin, 300) }
      : null,
    targetAfter: row.targetAfter
      ? { backend: inert(row.targetAfter.backend), origin: inert(row.targetAfter.origin, 300) }
      : null,
  };
}

function keyOf(
  { unit, op, reason, oldValidUntil, equalAccess, updatedConsumers }: KeyChange,
  nowMs: number,
): ReportKey {
  const side = unit.after ?? unit.before;
  const facts = side?.facts;
  const fresh = op === "create" || op === "replace" || op === "rotate";
  // A key that this run makes is not as old as the one before it.
  const created = fresh ? undefined : time(facts?.createdAt);
  const expiresAt = time(facts?.expiresAt) ?? (fresh ? undefined : time(facts?.actualExpiresAt));
  const { gains, loses } = unit.change;
  return {
    urn: safeUrn(unit.urn),
    name: inert(unit.name),
    account: side?.account.urn === undefined ? null : safeUrn(side.account.urn),
    env: facts?.environment === undefined ? null : inert(facts.environment),
    op,
    reason,
    order: unit.order,
    gains: shownGrants(gains),
    loses: shownGrants(loses),
    equalAccess,
    createdAt: created === undefined ? null : formatTime(created),
    ageDays: created === undefined ? null : Math.max(0, Math.floor((nowMs - created) / dayMs)),
    expiresAt: expiresAt === undefined ? null : formatTime(expiresAt),
    expiresIn: facts?.expiresIn === undefined ? null : inert(facts.expiresIn),
    rotateEvery: facts?.rotateEvery === undefined ? null : inert(facts.rotateEvery),
    nextRotationAt: fresh || facts?.nextRotationAt === undefined ? null : inert(facts.nextRotationAt),
    oldValidUntil: oldValidUntil ?? null,
    consumers: (side?.consumers ?? []).map(safeUrn),
    updatedConsumers: updatedConsumers ?? null,
  };
}

function countsOf(
  units: readonly Unit[],
  rows: readonly AccountRow[],
  keys: readonly KeyChange[],
  findings: readonly Finding[],
): Report["counts"] {
  const op = (wanted: KeyChange["op"]): number => keys.filter((key) => key.op === wanted).length;
  const level = (wanted: Level): number =>
    findings.filter((finding) => !finding.waived && finding.level === wanted).length;
  return {
    accounts: units.filter((unit) => !isKey(unit)).length,
    keys: keys.length,
    checked: units.length,
    gaining: rows.filter((row) => row.gains.length > 0 || row.keys.some((key) => key.change.gains.length > 0)).length,
    losing: rows.filter((row) => row.loses.length > 0 || row.keys.some((key) => key.change.loses.length > 0)).length,
    created: op("create"),
    replaced: op("replace"),
    rotated: op("rotate"),
    moved: op("move"),
    deleted: op("delete"),
    block: level("block"),
    warn: level("warn"),
    info: level("info"),
    waived: findings.filter(({ waived }) => waived).length,
  };
}

function notesOf(preview: Preview, changes: readonly ResourceChange[]): string[] {
  const notes: string[] = [];
  if (preview.holdsDebugMessages) {
    notes.push(
      "This event stream holds the engine's debug messages, and those have secret values in clear: do not keep the file. The digest of `pulumi preview --json` has none.",
    );
  }
  if (!preview.knowsConsumers)
    notes.push("The event form of a preview does not say who uses a key; the digest of `pulumi preview --json` does.");
  const leftovers = changes.filter((change) => change.leftovers.some((state) => identify(state).kind === "ours"));
  if (leftovers.length > 0)
    notes.push(`${leftovers.length} old key(s) that an earlier update could not revoke are revoked by this one.`);
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

function shownGrants(grants: readonly Grant[]): string[] {
  return grants.map((grant) => inert(grantText(grant)));
}

/** A URN stays exact, so that a waiver can name it; only a credential in it is masked. */
function safeUrn(urn: string): string {
  return looksSecret(urn) ? inert(urn, 300) : urn;
}

function safeWaiver(waiver: NonNullable<Finding["waiver"]>): NonNullable<Finding["waiver"]> {
  return { reason: inert(waiver.reason, 300), approver: inert(waiver.approver), until: inert(waiver.until) };
}

function time(value: string | undefined): number | undefined {
  const ms = parseTime(value);
  return typeof ms === "number" ? ms : undefined;
}

function byUrn(a: { urn: string }, b: { urn: string }): number {
  return a.urn < b.urn ? -1 : a.urn > b.urn ? 1 : 0;
}

/** The lock of a preview, and why it cannot be written or compared. */
export function lockPreview(request: Pick<ReviewRequest, "preview" | "policy" | "projectPath" | "allowEmpty">): {
  readonly lock: AccessLock;
  readonly problems: readonly string[];
} {
  const preview = readPreview(request.preview);
  const { units, strangers } = readUnits(preview, request.policy.document, request.projectPath);
  const unreviewed = unreviewedOf(request, preview, units, strangers);
  return {
    lock: lockOf(preview.project ?? "", preview.stack ?? "", units),
    problems: unreviewed.map(({ urn, reason }) => (urn === null ? reason : `${subjectOf(urn)}: ${reason}`)),
  };
}

/** The report of a review that could not run: it replaces an older verdict instead of leaving it to stand. */
export function failedReview(failure: {
  readonly preview: string;
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
    reviewedOn: "no date",
    digest: "none",
    unreviewed: [{ urn: null, reason: quoted(failure.reason, 600) }],
  };
}
