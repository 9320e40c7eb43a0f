/**
 * RotatingApiKey: one identity whose key changes in place, with overlap. Its Pulumi id is an identity
 * drawn in `create`, never a key id: some vendors keep the key id over a rotation.
 */
import { randomBytes } from "node:crypto";
import type { CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult } from "@pulumi/pulumi/dynamic";
import type { Connection, ConnectionFacts } from "../../connections/connections";
import { AmbiguousCreateError, ProviderError } from "../../errors";
import { defined } from "../../values/defined";
import { formatTime } from "../../values/times";
import { isUnknown } from "../../values/wire";
import { checkExpirySupport, checkLife } from "../checks/expiry";
import { Failures } from "../checks/failures";
import { createInputMemory } from "../checks/input-memory";
import type { ResourceContext } from "../context";
import { canEnable, disabledWords, enabledWords, staysDisabled } from "../disabled";
import { beginCheck, checkAnswer, checkedKey, factsToCompare, readOrKeep } from "../every-resource";
import { namesOf, picked } from "../fields/field";
import { type AdoptedRecord, adoptedKey, isLeft, leftWords } from "../identity/adopted";
import { recordsOtherStack, stackRecorded, tellOfCopy, withStack } from "../identity/copied-stack";
import { findImported } from "../identity/imported";
import { logicalName } from "../identity/names";
import { foundTarget, openRecorded, openRecordedForWrite } from "../identity/target";
import { serviceAheadMs } from "../key/expiry";
import { dealOf, judgeTerms, tellOtherTerms } from "../key/given";
import { KeyIssue, recordIssued } from "../key/key-inputs";
import { livingByMarkers, revokeKey } from "../key/key-on-service";
import { isOwnKey, ownMark, refuseOnRecord, Successors, withOwnSecret } from "../key/own-key";
import { keptAfterFailure, type Lifecycle } from "../lifecycle";
import { type Aim, dueIssue, waitingIssue, withNextRotation } from "./due-issue";
import { isRequestName, rotatingFields, type RotatingInputs, scheduleFields } from "./fields";
import { replacements } from "./in-place";
import {
  type Credential,
  credentialsOf,
  currentOf,
  fromOutputs,
  type KeyRing,
  leftBehind,
  replaced,
  type RotatingOutputs,
  toOutputs,
} from "./key-ring";
import { nextStep } from "./next-step";
import { knownKey } from "./perform";
import { refreshed } from "./refresh";
import { requestOf, requestRotation } from "./request";
import { Schedule } from "./schedule";
import { checkSchedule } from "./schedule-check";
import { nothingSeen } from "./seen";
import { plannedRotation, updateRotation } from "./update";
import { adoptedReason } from "./words";

export function createRotatingApiKeyProvider(context: ResourceContext): Lifecycle<RotatingInputs, RotatingOutputs> {
  const memory = createInputMemory();
  const successors = new Successors(context);

  const decisionTime = (news: RotatingInputs) => memory.decisionTime(news, context.nowMs());
  const aimAt = (wanted: RotatingInputs, facts: ConnectionFacts): Aim => ({
    wanted,
    facts,
    schedule: new Schedule(wanted, facts),
    nowMs: decisionTime(wanted),
    frozen: memory.ignored(wanted).some(isRequestName),
  });

  return {
    async check(olds: Partial<RotatingInputs>, news: RotatingInputs): Promise<CheckResult<RotatingInputs>> {
      const failures = new Failures();
      const given = withoutRefused(news, failures);
      const begun = beginCheck(context, rotatingFields, { olds, news: given, failures });
      const { ignored, facts } = begun;
      checkLife(news.expiresIn, failures);
      if (facts) {
        checkExpirySupport({ news: { ...news }, facts, failures });
        checkSchedule({ news: { ...given }, facts, failures });
      }
      const inputs = {
        ...checkedKey(rotatingFields, { olds, news, failures }, begun),
        status: ignored.includes("status") ? news.status : "active",
      } as unknown as RotatingInputs;
      if (failures.list.length > 0) return checkAnswer(inputs, failures);
      const nowMs = context.nowMs();
      const isClocked = !ignored.some(isRequestName) && !namesOf(scheduleFields).some((name) => isUnknown(given[name]));
      const request =
        facts && isClocked
          ? requestRotation(olds, inputs, { schedule: new Schedule(inputs, facts), facts, nowMs })
          : (requestOf(olds) ?? {});
      const answer = { ...inputs, ...request };
      memory.note(olds, answer, { nowMs, ignored });
      return checkAnswer(answer, failures);
    },

    async diff(_id: string, olds: RotatingOutputs, wanted: RotatingInputs): Promise<DiffResult> {
      const at = { olds, news: wanted, facts: factsToCompare(context, { olds, news: wanted }) };
      const { facts } = at;
      const ring = fromOutputs(olds);
      const aim = aimAt(wanted, facts);
      const replaces = replacements(ring.record, aim);
      if (replaces.length > 0 || dueIssue(ring, aim)) refuseOnRecord(at);
      tellOtherTerms(context, dealOf(olds, at));
      if (staysDisabled(olds.status, wanted)) {
        const due = waitingIssue(ring, aim)?.reason;
        context.warn(disabledWords(nameOf(wanted), { enables: canEnable("key", facts), due }));
      }
      const next = nextStep({ ring, seen: nothingSeen, aim }).kind;
      const isRenamed = recordsOtherStack(context, at);
      if (replaces.length === 0 && next === "done")
        return isRenamed ? stackRecorded(memory.differ(wanted)) : { changes: false };
      if (replaces.length === 0 && next === "enable") context.warn(enabledWords(nameOf(wanted)));
      const deleteBeforeReplace =
        replaces.length > 0 &&
        facts.capabilities.maxActiveKeys === 1 &&
        olds.serviceAccountId === wanted.serviceAccountId;
      // If `changes` is left out, the engine lists the inputs that differ, among them the reason.
      if (memory.differ(wanted)) return { replaces, deleteBeforeReplace };
      // Reports work that only the record shows; a warning gives its reason.
      const issue = dueIssue(ring, aim);
      if (issue) context.warn(`the key "${logicalName(wanted.origin)}" gets a successor: ${issue.reason}`);
      return { changes: true, replaces, deleteBeforeReplace };
    },

    async create(inputs: RotatingInputs): Promise<CreateResult<RotatingOutputs>> {
      const id = newIdentity();
      const adopted = await adoptedKey(context, "RotatingApiKey", inputs);
      if (adopted) return { id, outs: firstGeneration(inputs, adopted) };
      const connection = context.connections.openForWrite(inputs.connection);
      const nowMs = decisionTime(inputs);
      const schedule = new Schedule(inputs, connection);
      const { retireAfter: _after, retireUntil: _until, ...given } = inputs;
      const start = {
        ...given,
        service: connection.origin,
        generation: 1,
        issuedOn: schedule.issuedOn(nowMs),
        rotationReason: "first issue",
        createdAt: formatTime(nowMs),
      };
      const naming = await context.marking.naming("RotatingApiKey", inputs, connection);
      const issue = new KeyIssue({ connection, tools: context, fields: rotatingFields, inputs, naming, nowMs });
      try {
        const { issued, askedEnd } = await issue.run();
        const asked = { ...inputs, expiresAt: askedEnd, callerChosen: false };
        const record = recordIssued(issued, asked, { facts: connection, nowMs });
        const outs: RotatingOutputs = withNextRotation({ ...start, ...record, rotatedAt: formatTime(nowMs) }, schedule);
        const refusal = judgeTerms(context, dealOf(outs, { news: inputs, facts: connection }));
        if (refusal) throw keptAfterFailure(refusal, { id, outs, inputs });
        const ring = fromOutputs(outs);
        for (const key of credentialsOf(ring)) successors.note(inputs, knownKey(ring, key));
        return { id, outs };
      } catch (error) {
        if (!(error instanceof AmbiguousCreateError)) throw error;
        const nothing = fromOutputs({ ...start, status: "missing" });
        throw keptAfterFailure(error, { id, outs: toOutputs(leftBehind(nothing, error, formatTime(nowMs))), inputs });
      }
    },

    async read(id: string, props?: RotatingOutputs): Promise<ReadResult<RotatingOutputs>> {
      if (!props) throw new ProviderError("a key cannot be read by its id alone; take it over with adopt: { keyId }");
      return readOrKeep(context, props, {
        what: nameOf(props),
        read: async (connection) => {
          const ring = await refreshed(fromOutputs(props), connection, context.nowMs());
          const marked = await withOwnMark(ring, connection);
          serviceAheadMs(context, connection);
          const { inputs, ...rest } = readAs(id, marked, connection);
          return { ...rest, inputs: { ...inputs, ...foundTarget(connection, marked.record) } as RotatingOutputs };
        },
        kept: (connection) => readAs(id, fromOutputs(props), connection),
      });
    },

    async update(id: string, olds: RotatingOutputs, wanted: RotatingInputs): Promise<UpdateResult<RotatingOutputs>> {
      const aim = aimAt(wanted, openRecorded(context, olds));
      const open = () => openRecordedForWrite(context, olds);
      const { outs: updated, problems } = await updateRotation(aim, olds, { ...context, open });
      const outs = await withStack(context, { olds, outs: updated });
      if (problems.length > 0)
        throw keptAfterFailure(new ProviderError(problems.join(" ")), { id, outs, inputs: wanted });
      return { outs };
    },

    planned: async (_id, olds, wanted) =>
      plannedRotation(olds, aimAt(wanted, context.connections.describe(olds.connection))),

    async imported(request) {
      const there = await findImported(context, request);
      if (!there) return { id: "" };
      const { connection, record, inputs } = there;
      const id = newIdentity();
      // A service does not know the age of an identity, or when its owner rotates it.
      if (request.looksUp === true) return { id, props: { ...inputs, ...record } as RotatingOutputs };
      const given = { ...inputs, rotateEvery: importedRotateEvery } as RotatingInputs;
      const outs = firstGeneration(given, { record, connection });
      return { id, props: outs, inputs: inputsOf(fromOutputs(outs)) as RotatingOutputs };
    },

    async delete(_id: string, props: RotatingOutputs): Promise<void> {
      const connection = openRecordedForWrite(context, props);
      await tellOfCopy(context, props);
      const ring = fromOutputs(props);
      const problems: string[] = [];
      const attempt = async (run: () => Promise<void>) => {
        try {
          await run();
        } catch (error) {
          if (!(error instanceof ProviderError)) throw error;
          problems.push(error.message);
        }
      };
      const revoke = (key: Credential) =>
        attempt(async () => {
          const known = await withOwnSecret(connection, knownKey(ring, key), key);
          await successors.relieve(connection, known, props.origin);
          await revokeKey(connection, known);
        });
      if (ring.lost.length > 0)
        await attempt(async () => {
          for (const { id, name } of await livingByMarkers(connection, props.serviceAccountId, ring.lost))
            await revoke({ keyId: id, physicalName: name });
        });
      for (const { keyId, physicalName, fingerprint } of credentialsOf(ring)) {
        if (keyId === props.adoptedId && isLeft(props)) context.warn(leftWords(nameOf(props), keyId));
        else await revoke(defined({ keyId, physicalName, fingerprint }));
      }
      if (problems.length > 0) throw new ProviderError(problems.join(" "));
    },
  };
}

/** In messages: `the key "ci"`. */
function nameOf({ origin }: Pick<RotatingInputs, "origin">): string {
  return `the key "${logicalName(origin)}"`;
}

/** Inputs of ApiKey that make no sense for several generations, with what to do instead. */
const refused: Readonly<Record<string, string>> = {
  expiresAt:
    '"expiresAt" is one date, and cannot serve every generation; give "expiresIn", which counts from each issue',
  secretValue: '"secretValue" is one value, and cannot serve every generation; leave it out, or use ApiKey',
  exactName: '"exactName" is one name, and two generations stand side by side; leave it out',
};

function withoutRefused(news: RotatingInputs, failures: Failures): RotatingInputs {
  const given: Record<string, unknown> = { ...news };
  for (const [field, reason] of Object.entries(refused)) {
    if (given[field] !== undefined) failures.add(field, reason);
    delete given[field];
  }
  return given as unknown as RotatingInputs;
}

/** What an import writes into the program, where the user can change it. */
const importedRotateEvery = "90d";

/** An identity drawn by this package, because some vendors keep the key's id when they rotate. */
function newIdentity(): string {
  return `rotating-${randomBytes(8).toString("hex")}`;
}

/** The record of an adopted key. Its real age decides when it is due. */
function firstGeneration(
  inputs: RotatingInputs,
  { record, connection }: { readonly record: AdoptedRecord; readonly connection: Connection },
): RotatingOutputs {
  const schedule = new Schedule(inputs, connection);
  const { retireAfter: _after, retireUntil: _until, ...given } = inputs;
  const outs: RotatingOutputs = {
    ...given,
    ...record,
    generation: 1,
    issuedOn: schedule.issuedOn(Date.parse(record.createdAt)),
    rotatedAt: record.createdAt,
    rotationReason: adoptedReason,
  };
  return withNextRotation(outs, schedule);
}

async function withOwnMark(ring: KeyRing, connection: Connection): Promise<KeyRing> {
  const key = currentOf(ring);
  const isOwn = key !== undefined && (await isOwnKey(connection, knownKey(ring, key)));
  return replaced(ring, ["ownCredential"], ownMark(isOwn));
}

/** What `read` answers. */
function readAs(id: string, ring: KeyRing, facts: ConnectionFacts): ReadResult<RotatingOutputs> {
  const outs = withNextRotation(toOutputs(ring), new Schedule(ring.record, facts));
  return { id, props: outs, inputs: inputsOf(ring) as RotatingOutputs };
}

/** The inputs as the user gave them, with the request as the outputs have it. */
function inputsOf({ record, previous }: KeyRing): Partial<RotatingInputs> {
  return defined({
    ...picked(namesOf(rotatingFields), record),
    retireAfter: previous?.retireAfter,
    retireUntil: previous?.retire === "whenUnused" ? previous.until : undefined,
  });
}
