import { vendorNamed } from "../provider/vendors";
import { dayMs } from "../provider/values/durations";
import { type ScopeCatalogue, withExtraScopes } from "../provider/scopes";
import { formatTime, parseTime } from "../provider/values/times";
import { sameTarget } from "./access";
import { accountRows, type AccountRow } from "./account-rows";
import type { Reviewed, ReviewedCatalogue, ReviewedSide } from "./delta-schema";
import { grantOf, grantText, type Grant } from "./grants";
import { inert } from "./inert";
import { noAccount, type KeyAccount } from "./key-account";
import { graver, type Level } from "./levels";
import type { KeyExtras, Report, ReportAccount, ReportFinding, ReportKey } from "./report";
import type { Target } from "./resource-facts";
import { ruleOf } from "./rules/index";
import { isKey, type Side, type Unit } from "./units";
import { nameOf } from "./urn";

/**
 * The tables of a report, from what was reviewed. The same function makes them when a report is written and when it is
 * read back: a report with other tables is refused.
 */
export function tablesOf(
  reviewed: Reviewed,
  findings: readonly ReportFinding[],
  more: TableExtras,
): Pick<Report, "accounts" | "keys" | "counts"> {
  const units = unitsOf(reviewed);
  const rows = accountRows(units);
  const changed = new Set(reviewed.delta.map(({ urn }) => urn));
  const byUrn = Map.groupBy(findings, ({ urn }) => urn);
  const moves = findings.filter(({ rule }) => ruleOf(rule)?.concerns === "moves");
  const keys = units.filter(isKey).map((unit) => keyRow(unit, !changed.has(unit.urn), more));
  return {
    accounts: rows.map((row) => accountRow(row, byUrn, moves, more.ownerOf(row))),
    keys: keys.sort((a, b) => (a.urn < b.urn ? -1 : a.urn > b.urn ? 1 : 0)),
    counts: countsOf(units, rows, keys, findings),
  };
}

/** Facts that are not in the delta. */
export interface TableExtras {
  readonly nowMs: number;
  readonly ownerOf: (row: AccountRow) => string | null;
  readonly keyOf: (urn: string) => KeyExtras | undefined;
}

/** Turns the delta into the form that the rules and rows work with. */
export function unitsOf({ delta, kept, catalogues }: Reviewed): Unit[] {
  const own = new Map(catalogues.map((reviewed) => [reviewed.backend, catalogueIn(reviewed)]));
  const entries = [
    ...delta,
    ...kept.map(({ urn, kind, now }) => ({ urn, kind, before: now, after: now, gains: [], loses: [] })),
  ].sort((a, b) => (a.urn < b.urn ? -1 : 1));
  const accounts = { before: new Map<string, string>(), after: new Map<string, string>() };
  for (const { urn, before, after } of entries) {
    if (before?.accountId != null) accounts.before.set(serverAndId(before, before.accountId), urn);
    if (after?.accountId != null) accounts.after.set(serverAndId(after, after.accountId), urn);
  }
  return entries.map(({ urn, kind, before, after, gains, loses }): Unit => {
    const old = before ? sideOf(urn, before, accounts.before, own) : undefined;
    return {
      urn,
      name: nameOf(urn),
      kind,
      op: before ? (after ? "update" : "delete") : "create",
      order: "none",
      ...(old ? { before: old } : {}),
      ...(after ? { after: before === after && old ? old : sideOf(urn, after, accounts.after, own) } : {}),
      change: { gains: gains.map(grantOf), loses: loses.map(grantOf) },
      ...(before?.staysAlive && !after ? { staysAlive: "retainOnDelete" } : {}),
      ...(before?.disabled ? { revives: true } : {}),
      replaceReasons: [],
      diffReasons: [],
      location: { file: "Pulumi.yaml", line: 1 },
    };
  });
}

function sideOf(
  urn: string,
  side: ReviewedSide,
  accounts: ReadonlyMap<string, string>,
  catalogues: ReadonlyMap<string, ScopeCatalogue>,
): Side {
  const { account, environment, grants, unreadable } = side;
  const target = targetOf(side);
  const backend = side.backend ?? "";
  const vendor = vendorNamed(backend);
  const catalogue = withExtraScopes(vendor ? vendor.catalogue : catalogues.get(backend), side.extraScopes);
  const held = grants.map(grantOf);
  const role = held.find(({ kind }) => kind === "role")?.name;
  return {
    facts: {
      connection: side.connection,
      ...(target ? { target } : {}),
      ...(environment === null ? {} : { environment }),
      ...(role === undefined ? {} : { role }),
      labels: {},
      scopes: { kind: "absent" },
      exactName: false,
      acceptLess: false,
      selfRotate: false,
      isLeft: false,
      revokeOnDestroy: false,
      ...(side.adopts === undefined ? {} : { adopts: side.adopts }),
      protect: false,
      retainOnDelete: side.staysAlive,
      account: account === null ? "absent" : "id" in account ? "value" : "unknown",
      expiryHidden: side.life.hidden.length > 0,
      roleHidden: false,
      hidden: [],
    },
    access: { ...(target ? { target } : {}), grants: held, unreadable, ...(catalogue ? { catalogue } : {}) },
    account: readAccount(side, accounts),
    consumers: side.alsoUsedBy ?? [],
    state: { ...noState, urn, inputs: side.life },
  };
}

/** A report has no patterns: whether a word is a scope was decided when the report was written. */
function catalogueIn({ scopes, limitMark, levels }: ReviewedCatalogue): ScopeCatalogue {
  return {
    scopes,
    ...(limitMark === undefined ? {} : { limitMark }),
    ...(levels ? { open: { pattern: "", example: "", levels } } : {}),
  };
}

function targetOf({ backend, origin, credential, route, extraScopes }: ReviewedSide): Target | undefined {
  if (backend === null || origin === null) return undefined;
  return {
    backend,
    origin,
    ...(credential === null ? {} : { credential }),
    ...(route === undefined ? {} : { route }),
    ...(extraScopes === undefined ? {} : { extraScopes }),
  };
}

function readAccount(side: ReviewedSide, accounts: ReadonlyMap<string, string>): KeyAccount {
  const { account } = side;
  if (account === null) return noAccount;
  if ("hidden" in account) return { known: "hidden" };
  if ("outputOf" in account) return { known: "after-update", urn: account.outputOf };
  const urn = accounts.get(serverAndId(side, account.id));
  return { known: "value", id: account.id, ...(urn === undefined ? {} : { urn }) };
}

const noState = {
  type: "",
  custom: true,
  protect: false,
  retainOnDelete: false,
  pendingDelete: false,
  inputs: {},
  outputs: {},
  propertyDependencies: {},
};

function serverAndId({ backend, origin }: ReviewedSide, id: string): string {
  return JSON.stringify([backend, origin, id]);
}

function accountRow(
  row: AccountRow,
  findings: ReadonlyMap<string, readonly ReportFinding[]>,
  moves: readonly ReportFinding[],
  owner: string | null,
): ReportAccount {
  const isMoved =
    row.targetBefore !== undefined && row.targetAfter !== undefined && !sameTarget(row.targetBefore, row.targetAfter);
  // A moved connection is one finding of the stack, and concerns every row that moves with it.
  const urns = new Set([row.urn, ...row.keys.map(({ urn }) => urn)]);
  const about = [...[...urns].flatMap((urn) => findings.get(urn) ?? []), ...(isMoved ? moves : [])].filter(
    ({ waived }) => !waived,
  );
  return {
    urn: row.urn,
    name: inert(nameOf(row.account?.urn ?? row.keys[0]?.urn ?? row.urn)),
    owner: owner === null ? null : inert(owner),
    env: row.environment === undefined ? null : inert(row.environment),
    before: shownGrants(row.before),
    after: shownGrants(row.after),
    gains: shownGrants(row.gains),
    loses: shownGrants(row.loses),
    level: about.reduce<Level | "none">((worst, { level }) => graver(worst, level), "none"),
    rules: [...new Set(about.map(({ rule }) => rule))].sort(),
    isAccount: row.account !== undefined,
    targetBefore: shownTarget(row.targetBefore),
    targetAfter: shownTarget(row.targetAfter),
  };
}

function shownGrants(grants: readonly Grant[]): string[] {
  return grants.map((grant) => inert(grantText(grant)));
}

function shownTarget(target: Target | undefined): ReportAccount["targetBefore"] {
  return target ? { backend: inert(target.backend), origin: inert(target.origin, 300) } : null;
}

function keyRow(unit: Unit, equalAccess: boolean, { keyOf, nowMs }: TableExtras): ReportKey {
  const { urn, before, after } = unit;
  const side = after ?? before;
  const extras = keyOf(urn) ?? noExtras;
  const life = side?.state.inputs ?? {};
  const end = parseTime(text(life.expiresAt));
  return {
    urn,
    name: inert(nameOf(urn)),
    account: side?.account.urn ?? null,
    env: side?.facts.environment === undefined ? null : inert(side.facts.environment),
    op: before ? (after ? keptOp(extras.op) : "delete") : "create",
    reason: extras.reason,
    order: extras.order,
    gains: shownGrants(unit.change.gains),
    loses: shownGrants(unit.change.loses),
    equalAccess,
    createdAt: extras.createdAt,
    ageDays: ageDays(extras.createdAt, nowMs),
    expiresAt: typeof end === "number" ? formatTime(end) : extras.expiresAt,
    expiresIn: shownText(life.expiresIn),
    rotateEvery: shownText(life.rotateEvery),
    nextRotationAt: extras.nextRotationAt,
    oldValidUntil: extras.oldValidUntil,
    consumers: extras.consumers,
    updatedConsumers: extras.updatedConsumers,
  };
}

function ageDays(createdAt: string | null, nowMs: number): number | null {
  const createdMs = parseTime(createdAt ?? undefined);
  return typeof createdMs === "number" ? Math.max(0, Math.floor((nowMs - createdMs) / dayMs)) : null;
}

const noExtras: KeyExtras = {
  op: "same",
  reason: "",
  order: "none",
  createdAt: null,
  expiresAt: null,
  nextRotationAt: null,
  oldValidUntil: null,
  consumers: [],
  updatedConsumers: null,
};

function keptOp(op: ReportKey["op"]): ReportKey["op"] {
  return op === "create" || op === "delete" ? "same" : op;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function shownText(value: unknown): string | null {
  return typeof value === "string" ? inert(value) : null;
}

function countsOf(
  units: readonly Unit[],
  rows: readonly AccountRow[],
  keys: readonly ReportKey[],
  findings: readonly ReportFinding[],
): Report["counts"] {
  const op = (wanted: ReportKey["op"]): number => keys.filter((key) => key.op === wanted).length;
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
