import { vendorNamed } from "../provider/vendors";
import type { ExtraScopes, ScopeCatalogue } from "../provider/scopes";
import { canonicalJson } from "./canonical";
import type { DeltaEntry, KeptEntry, NewCode, Reviewed, ReviewedCatalogue, ReviewedSide } from "./delta-schema";
import { exactText } from "./exact-text";
import { grantText, type Grant } from "./grants";
import type { KeyAccount } from "./key-account";
import { lifeFields } from "./life-fields";
import { isHidden } from "./resource-facts";
import { isNews } from "./rules/unreviewed-code";
import { sha256 } from "./sha256";
import { isKey, newUsers, type CodeText, type ForeignCode, type Side, type Unit } from "./units";

/** Splits the resources into changed and unchanged ones. */
export function reviewedOf(units: readonly Unit[], code: readonly ForeignCode[] = []): Reviewed {
  const delta: DeltaEntry[] = [];
  const kept: KeptEntry[] = [];
  const catalogues = new Map<string, ReviewedCatalogue>();
  for (const unit of units) {
    const before = sideOf(unit, unit.before);
    const sides = { before, after: isUntouched(unit) ? before : sideOf(unit, unit.after) };
    const urn = exactText(unit.urn);
    const { gains, loses } = unit.change;
    const entry = { urn, kind: unit.kind, ...sides, gains: grantTexts(gains), loses: grantTexts(loses) };
    if (changes(entry) || leavesAlive(unit)) delta.push(entry);
    else if (sides.after) kept.push({ urn, kind: unit.kind, now: sides.after });
    for (const { access } of [unit.before, unit.after].filter((side) => side !== undefined)) {
      const backend = access.target?.backend;
      if (backend === undefined || !access.catalogue || vendorNamed(backend)) continue;
      const name = exactText(backend);
      if (!catalogues.has(name)) catalogues.set(name, catalogueOf(name, access.catalogue));
    }
  }
  return {
    delta: delta.sort(byUrn),
    kept: kept.sort(byUrn),
    code: code.filter(isNews).map(newCode).sort(byUrn),
    catalogues: [...catalogues.values()].sort(byBackend),
  };
}

/** Most resources of a stack stay as they are, and one reading of them is enough. */
function isUntouched({ op, before, after }: Unit): boolean {
  if (op !== "same" || !before || !after) return false;
  const { account, state } = before;
  return (
    before.facts === after.facts &&
    before.access === after.access &&
    account.known === after.account.known &&
    account.id === after.account.id &&
    account.urn === after.account.urn &&
    newUsers(before, after).length === 0 &&
    (after.state.id ?? state.id) === state.id
  );
}

function newCode({ urn, before, after }: ForeignCode): NewCode {
  const hash = (code: CodeText | undefined): string | null => (code?.text === undefined ? null : sha256(code.text));
  return { urn: exactText(urn), before: hash(before), after: hash(after) };
}

/** True if someone can do more or less than before, elsewhere, for a longer or shorter time, or if nobody can tell. */
export function changes({ before, after, gains, loses }: Omit<DeltaEntry, "urn" | "kind">): boolean {
  if (!before || !after) return true;
  if (gains.length > 0 || loses.length > 0 || after.unreadable.length > 0) return true;
  // Two accounts or lives that are hidden, or known only during the update, never count as the same.
  if (after.life.hidden.length > 0 || isUncertain(after.account)) return true;
  // A state of 0.1 records neither. A finding names what is recorded now, so a nightly rotation can go on.
  if (before.credential !== null && (before.credential !== after.credential || before.route !== after.route))
    return true;
  // An account that the update makes has no id yet; an existing one may take the place of another.
  if (after.accountId !== null && before.accountId !== null && after.accountId !== before.accountId) return true;
  return before !== after && placeAndLife(before) !== placeAndLife(after);
}

function isUncertain(account: ReviewedSide["account"]): boolean {
  return account !== null && !("id" in account);
}

/** What reviewers compare, besides access: the place, the account and the life. */
function placeAndLife(side: ReviewedSide): string {
  const { backend, origin, connection, environment, account, life, staysAlive, extraScopes, adopts, disabled } = side;
  const place = { backend, origin, connection, environment, account };
  // Whoever uses a key can do what it can.
  const { alsoUsedBy } = side;
  return canonicalJson({ ...place, life, staysAlive, extraScopes, adopts, disabled, alsoUsedBy });
}

/** True for a replacement that leaves two of them, because nobody revokes the old key or account. */
export function leavesAlive({ op, before, after }: Unit): boolean {
  const { retainOnDelete, deletedWith, isLeft } = (before ?? after)?.facts ?? {};
  return op === "replace" && (retainOnDelete === true || deletedWith !== undefined || isLeft === true);
}

function sideOf(unit: Unit, side: Side | undefined): ReviewedSide | null {
  if (!side) return null;
  const { facts, access, state } = side;
  return {
    backend: exactOrNull(access.target?.backend),
    origin: exactOrNull(access.target?.origin),
    credential: exactOrNull(facts.target?.credential),
    ...(facts.target?.route === undefined ? {} : { route: exactText(facts.target.route) }),
    ...claimsOf(facts.target?.extraScopes),
    ...(facts.adopts === undefined ? {} : { adopts: exactText(facts.adopts) }),
    ...disabledOf(unit, side),
    ...usersOf(unit, side),
    connection: exactText(facts.connection),
    environment: exactOrNull(facts.environment),
    account: isKey(unit) ? accountInDelta(side.account) : null,
    accountId: isKey(unit) ? null : exactOrNull(ownId(unit, side)),
    grants: grantTexts(access.grants),
    unreadable: [...access.unreadable].sort(),
    life: lifeOf(isKey(unit) ? state.inputs : lifeOfAccount(state.inputs)),
    staysAlive: unit.after
      ? facts.retainOnDelete || facts.deletedWith !== undefined || facts.isLeft
      : unit.staysAlive !== undefined,
  };
}

function disabledOf({ revives, before }: Unit, side: Side): Pick<ReviewedSide, "disabled"> {
  return revives && side === before ? { disabled: true } : {};
}

function usersOf(unit: Unit, side: Side): Pick<ReviewedSide, "alsoUsedBy"> {
  const { before, after } = unit;
  const users = before && side === after && isKey(unit) ? newUsers(before, after).map(exactText).sort() : [];
  return users.length === 0 ? {} : { alsoUsedBy: users };
}

function claimsOf(claims: ExtraScopes | undefined): Pick<ReviewedSide, "extraScopes"> {
  if (!claims) return {};
  const exact = Object.entries(claims).map(
    ([name, { level, implies }]) =>
      [
        exactText(name),
        { ...(level && { level }), ...(implies && { implies: implies.map(exactText).sort() }) },
      ] as const,
  );
  return { extraScopes: Object.fromEntries(exact) };
}

/** The account of a key, in the form of a report. */
export function accountInDelta({ known, id, urn }: KeyAccount): ReviewedSide["account"] {
  if (known === "none") return null;
  if (known === "value" && id !== undefined) return { id: exactText(id) };
  return known === "after-update" && urn !== undefined ? { outputOf: exactText(urn) } : { hidden: true };
}

/** A resource that stays in place keeps its id, which a preview shows only in the old state. */
function ownId({ op, before }: Unit, { facts, state }: Side): string | undefined {
  return state.id ?? (op === "same" || op === "update" ? before?.state.id : undefined) ?? facts.accountId;
}

function lifeOfAccount({
  onDisabled,
  acceptLess,
  selfRotate,
  revokeOnDestroy,
}: Side["state"]["inputs"]): Side["state"]["inputs"] {
  return { onDisabled, acceptLess, selfRotate, revokeOnDestroy };
}

function lifeOf(inputs: Readonly<Record<string, unknown>>): ReviewedSide["life"] {
  const hidden = lifeFields.filter((name) => isHidden(inputs[name])).sort();
  const value = (name: (typeof lifeFields)[number]): string | null => {
    const given = inputs[name];
    if (given === undefined || given === null || isHidden(given)) return null;
    return exactText(typeof given === "string" ? given : canonicalJson(given));
  };
  const given = <
    Name extends
      "rotateBefore" | "jitter" | "onDisabled" | "acceptLess" | "selfRotate" | "revokeOnDestroy" | "firstRotation",
  >(
    name: Name,
  ): { readonly [Field in Name]?: string } => {
    const text = value(name);
    return (text === null ? {} : { [name]: text }) as { readonly [Field in Name]?: string };
  };
  return {
    expiresAt: value("expiresAt"),
    expiresIn: value("expiresIn"),
    rotateEvery: value("rotateEvery"),
    overlap: value("overlap"),
    retire: value("retire"),
    maxOverlap: value("maxOverlap"),
    ...given("rotateBefore"),
    ...given("jitter"),
    // The default, written out or not, promises nothing about a disabled key.
    ...(inputs.onDisabled === "ignore" ? {} : given("onDisabled")),
    ...(inputs.acceptLess === false ? {} : given("acceptLess")),
    ...(inputs.selfRotate === false ? {} : given("selfRotate")),
    ...(inputs.revokeOnDestroy === false ? {} : given("revokeOnDestroy")),
    ...(inputs.firstRotation === "due" ? {} : given("firstRotation")),
    hidden,
  };
}

/** Without the pattern of an open catalogue: no table needs it, and a hostile one is slow. */
function catalogueOf(backend: string, { scopes, limitMark, open }: ScopeCatalogue): ReviewedCatalogue {
  return {
    backend,
    scopes: Object.fromEntries(
      Object.entries(scopes).map(([name, { implies, level, mintsKeys }]) => [
        name,
        {
          ...(implies ? { implies: [...implies] } : {}),
          ...(level ? { level } : {}),
          ...(mintsKeys === undefined ? {} : { mintsKeys }),
        },
      ]),
    ),
    ...(limitMark === undefined ? {} : { limitMark }),
    ...(open?.levels ? { levels: { ...open.levels } } : {}),
  };
}

function exactOrNull(text: string | undefined): string | null {
  return text === undefined ? null : exactText(text);
}

function grantTexts(grants: readonly Grant[]): string[] {
  return grants.map((grant) => exactText(grantText(grant))).sort();
}

function byUrn(a: { readonly urn: string }, b: { readonly urn: string }): number {
  return a.urn < b.urn ? -1 : a.urn > b.urn ? 1 : 0;
}

function byBackend(a: { readonly backend: string }, b: { readonly backend: string }): number {
  return a.backend < b.backend ? -1 : 1;
}
