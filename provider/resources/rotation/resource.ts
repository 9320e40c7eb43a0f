/**
 * RotatingApiKey: one identity whose key changes in place, with overlap. Its Pulumi id is an identity
 * drawn in `create`, never a key id: some vendors keep the key id over a rotation.
 */
import { randomBytes } from "node:crypto";
import type { CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult } from "@pulumi/pulumi/dynamic";
import type { Connection } from "../../connections/connections";
import { defined } from "../../values/defined";
import { AmbiguousCreateError, ProviderError } from "../../errors";
import { formatTime } from "../../values/times";
import { isUnknown } from "../../values/wire";
import {
  type AdoptedRecord,
  adoptKey,
  isLeft,
  isToAdopt,
  leftWords,
  tellForeignMark,
  withoutSpentSecret,
} from "../identity/adopted";
import {
  checkAnswer,
  describeForCheck,
  openRecorded,
  openRecordedForRefresh,
  openRecordedForWrite,
  type ResourceContext,
} from "../context";
import { agreedEnd, type End } from "../key/expiry";
import { checkExpirySupport, checkLife } from "../checks/expiry";
import { Failures } from "../checks/failures";
import { checkShape } from "../checks/shape";
import { dealOf, judgeTerms, tellOtherTerms } from "../key/given";
import { findImported } from "../identity/imported";
import { createInputMemory } from "../checks/input-memory";
import { keyRequest, recordIssued } from "../key/key-inputs";
import { issueKey } from "../key/issue-key";
import { livingByMarkers, revokeKey } from "../key/key-on-service";
import { logicalName } from "../identity/names";
import { recordsOtherStack, stackRecorded, tellOfCopy, tellOtherStack, withStack } from "../identity/copied-stack";
import { isOwnKey, ownMark, refuseOnRecord, Successors, withOwnSecret } from "../key/own-key";
import { keptAfterFailure } from "../lifecycle";
import { endByService, serviceAheadMs } from "../key/expiry";
import type { Lifecycle } from "../lifecycle";
import { assertSameTarget, checkPath, foundTarget } from "../identity/target";
import { readOrKeep } from "../unknown";
import { validateKey } from "../checks/validation";
import { checkedInputs, except, handedBack, namesOf, picked, shapeOf } from "../fields/field";
import { isRequestName, rotatingFields, type RotatingInputs, scheduleFields } from "./fields";
import { canEnable, disabledWords, enabledWords, staysDisabled } from "../disabled";
import { dueIssue, waitingIssue, withNextRotation } from "./due-issue";
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
import { plannedRotation } from "./update";
import { refreshed } from "./refresh";
import { requestOf, requestRotation } from "./request";
import { Schedule } from "./schedule";
import { checkSchedule } from "./schedule-check";
import { nothingSeen } from "./seen";
import { updateRotation } from "./update";
import { adoptedReason } from "./words";

const inputShape = shapeOf(rotatingFields);

/** Inputs of ApiKey that make no sense for several generations, with what to do instead. */
const refused: Readonly<Record<string, string>> = {
  expiresAt:
    '"expiresAt" is one date, and cannot serve every generation; give "expiresIn", which counts from each issue',
  secretValue: '"secretValue" is one value, and cannot serve every generation; leave it out, or use ApiKey',
  exactName: '"exactName" is one name, and two generations stand side by side; leave it out',
};

export function createRotatingApiKeyProvider(context: ResourceContext): Lifecycle<RotatingInputs, RotatingOutputs> {
  const memory = createInputMemory();
  const decisionTime = (news: RotatingInputs) => memory.decisionTime(news, context.nowMs());
  const decisionOn = (wanted: RotatingInputs) => ({
    nowMs: decisionTime(wanted),
    frozen: memory.ignored(wanted).some(isRequestName),
  });

  /** The key that the program adopts; undefined if it asks for a new one. */
  const adopt = async (inputs: RotatingInputs): Promise<CreateResult<RotatingOutputs> | undefined> => {
    if (inputs.adopt === undefined) return undefined;
    const connection = context.connections.open(inputs.connection);
    const { origin, adopt: asked } = inputs;
    if (!(await isToAdopt(context, connection, { type: "RotatingApiKey", origin, id: asked.keyId }))) return undefined;
    const record = await adoptKey(connection, asked, inputs, context.nowMs());
    tellForeignMark(record.physicalName, origin, context.warn);
    return { id: newIdentity(), outs: firstGeneration(inputs, record, new Schedule(inputs, connection)) };
  };

  const successors = new Successors(context);

  return {
    async check(olds: Partial<RotatingInputs>, news: RotatingInputs): Promise<CheckResult<RotatingInputs>> {
      const failures = new Failures();
      tellOtherStack(context, olds, news);
      const ignored = handedBack(rotatingFields, { olds, news });
      const given: Record<string, unknown> = { ...except(ignored, news) };
      for (const [field, reason] of Object.entries(refused)) {
        if (given[field] !== undefined) failures.add(field, reason);
        delete given[field];
      }
      checkShape(inputShape, given, failures);
      const connection = news.connection ?? "default";
      const facts = describeForCheck(context, connection, failures);
      checkPath(context, olds, { facts, failures });
      checkLife(news.expiresIn, failures);
      if (facts) {
        checkExpirySupport({ news: { ...news }, facts, failures });
        checkSchedule({ news: given, facts, failures });
      }
      const inputs = {
        ...(facts
          ? checkedInputs(rotatingFields, { news: { ...withoutSpentSecret(olds, news), connection }, facts, failures })
          : { ...news, connection }),
        status: ignored.includes("status") ? news.status : "active",
      } as unknown as RotatingInputs;
      if (facts) validateKey({ news: { ...inputs }, facts, failures });
      if (failures.list.length > 0) return checkAnswer(inputs, failures);
      const clocked = facts && !namesOf(scheduleFields).some((name) => isUnknown(given[name])) ? facts : undefined;
      const nowMs = context.nowMs();
      const request =
        clocked && !ignored.some(isRequestName)
          ? requestRotation(olds, inputs, {
              schedule: new Schedule(inputs, clocked),
              facts: clocked,
              nowMs,
            })
          : (requestOf(olds) ?? {});
      const answer = { ...inputs, ...request };
      memory.note(olds, answer, { nowMs, ignored });
      return checkAnswer(answer, failures);
    },

    async diff(_id: string, olds: RotatingOutputs, wanted: RotatingInputs): Promise<DiffResult> {
      const facts = context.connections.describe(isUnknown(wanted.connection) ? olds.connection : wanted.connection);
      assertSameTarget(facts, olds);
      const ring = fromOutputs(olds);
      const aim = { wanted, facts, schedule: new Schedule(wanted, facts), ...decisionOn(wanted) };
      const replaces = replacements(ring.record, wanted, facts);
      if (replaces.length > 0 || dueIssue(ring, aim)) refuseOnRecord(olds, wanted, facts);
      tellOtherTerms(context, dealOf(olds, facts, wanted));
      if (staysDisabled(olds.status, wanted))
        context.warn(
          disabledWords(`the key "${logicalName(wanted.origin)}"`, {
            enables: canEnable("key", facts),
            due: waitingIssue(ring, aim)?.reason,
          }),
        );
      const next = nextStep({ ring, seen: nothingSeen, aim }).kind;
      const isRenamed = recordsOtherStack(context, olds, wanted);
      if (replaces.length === 0 && next === "done")
        return isRenamed ? stackRecorded(memory.differ(wanted)) : { changes: false };
      if (replaces.length === 0 && next === "enable")
        context.warn(enabledWords(`the key "${logicalName(wanted.origin)}"`));
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
      const adopted = await adopt(inputs);
      if (adopted) return adopted;
      const connection = context.connections.openForWrite(inputs.connection);
      const nowMs = decisionTime(inputs);
      const schedule = new Schedule(inputs, connection);
      const id = newIdentity();
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
      try {
        let sent: End = {};
        const end = () => (sent = endByService(context, connection, { asked: inputs, nowMs }));
        const request = { ...keyRequest(rotatingFields, inputs, connection), end };
        const issued = await issueKey(connection, request, naming, context.clock);
        const { granularityMs } = connection.capabilities.expiry;
        const expiresAt = agreedEnd(sent.expiresAt, inputs, { issued, granularityMs });
        const outs: RotatingOutputs = withNextRotation(
          {
            ...start,
            ...recordIssued(issued, { ...inputs, expiresAt, callerChosen: false }, connection, nowMs),
            rotatedAt: formatTime(nowMs),
          },
          schedule,
        );
        const refusal = judgeTerms(context, dealOf(outs, connection, inputs));
        if (refusal) throw keptAfterFailure(refusal, id, outs, inputs);
        const ring = fromOutputs(outs);
        for (const key of credentialsOf(ring)) successors.note(inputs, knownKey(ring, key));
        return { id, outs };
      } catch (error) {
        if (!(error instanceof AmbiguousCreateError)) throw error;
        const nothing = fromOutputs({ ...start, status: "missing" });
        throw keptAfterFailure(error, id, toOutputs(leftBehind(nothing, error, formatTime(nowMs))), inputs);
      }
    },

    async read(id: string, props?: RotatingOutputs): Promise<ReadResult<RotatingOutputs>> {
      if (!props) throw new ProviderError("a key cannot be read by its id alone; take it over with adopt: { keyId }");
      const connection = openRecordedForRefresh(context, props);
      const { ring, seen } = await readOrKeep(
        context,
        { connection: connection.name, what: `the key "${logicalName(props.origin)}"` },
        {
          read: async () => {
            const refreshedRing = await withOwnMark(
              await refreshed(fromOutputs(props), connection, context.nowMs()),
              connection,
            );
            serviceAheadMs(context, connection);
            return { ring: refreshedRing, seen: foundTarget(connection, refreshedRing.record) };
          },
          kept: () => ({ ring: fromOutputs(props), seen: {} }),
        },
      );
      const outs = withNextRotation(toOutputs(ring), new Schedule(props, connection));
      return { id, props: outs, inputs: { ...inputsOf(ring), ...seen } as RotatingOutputs };
    },

    async update(id: string, olds: RotatingOutputs, wanted: RotatingInputs): Promise<UpdateResult<RotatingOutputs>> {
      const facts = openRecorded(context, olds);
      const schedule = new Schedule(wanted, facts);
      const aim = { wanted, facts, schedule, ...decisionOn(wanted) };
      const open = () => openRecordedForWrite(context, olds);
      const { outs: updated, problems } = await updateRotation(aim, olds, { ...context, open });
      const outs = await withStack(context, olds, updated);
      if (problems.length > 0) throw keptAfterFailure(new ProviderError(problems.join(" ")), id, outs, wanted);
      return { outs };
    },

    async planned(_id, olds, wanted) {
      const facts = context.connections.describe(olds.connection);
      return plannedRotation(olds, { wanted, facts, schedule: new Schedule(wanted, facts), ...decisionOn(wanted) });
    },

    async imported(request) {
      const found = await findImported(context, request);
      if (!found) return { id: "" };
      const { connection, record, inputs } = found;
      // A service does not know the age of an identity, or when its owner rotates it.
      if (request.looksUp === true) return { id: newIdentity(), props: { ...inputs, ...record } as RotatingOutputs };
      const given = { ...inputs, rotateEvery: importedRotateEvery } as RotatingInputs;
      const outs = firstGeneration(given, record, new Schedule(given, connection));
      return { id: newIdentity(), props: outs, inputs: inputsOf(fromOutputs(outs)) as RotatingOutputs };
    },

    async delete(_id: string, props: RotatingOutputs): Promise<void> {
      const connection = openRecordedForWrite(context, props);
      await tellOfCopy(context, props);
      const ring = fromOutputs(props);
      const { serviceAccountId } = props;
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
          for (const { id, name } of await livingByMarkers(connection, serviceAccountId, ring.lost))
            await revoke({ keyId: id, physicalName: name });
        });
      for (const { keyId, physicalName, fingerprint } of credentialsOf(ring)) {
        if (keyId === props.adoptedId && isLeft(props))
          context.warn(leftWords(`the key "${logicalName(props.origin)}"`, keyId));
        else await revoke(defined({ keyId, physicalName, fingerprint }));
      }
      if (problems.length > 0) throw new ProviderError(problems.join(" "));
    },
  };
}

/** What an import writes into the program, where the user can change it. */
const importedRotateEvery = "90d";

/** An identity drawn by this package, because some vendors keep the key's id when they rotate. */
function newIdentity(): string {
  return `rotating-${randomBytes(8).toString("hex")}`;
}

/** The record of an adopted key. Its real age decides when it is due. */
function firstGeneration(inputs: RotatingInputs, record: AdoptedRecord, schedule: Schedule): RotatingOutputs {
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

/** The inputs as the user gave them, with the request as the outputs have it. */
function inputsOf({ record, previous }: KeyRing): Partial<RotatingInputs> {
  return defined({
    ...picked(namesOf(rotatingFields), record),
    retireAfter: previous?.retireAfter,
    retireUntil: previous?.retire === "whenUnused" ? previous.until : undefined,
  });
}
