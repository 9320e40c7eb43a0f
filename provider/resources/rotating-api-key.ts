/**
 * RotatingApiKey: one identity whose key changes in place, with overlap. Its Pulumi id is an identity
 * drawn in `create`, never a key id: some vendors keep the key id over a rotation.
 */
import { randomBytes } from "node:crypto";
import type {
  CheckResult,
  CreateResult,
  DiffResult,
  ReadResult,
  ResourceProvider,
  UpdateResult,
} from "@pulumi/pulumi/dynamic";
import { defined } from "../defined";
import { secondMs } from "../durations";
import { AmbiguousCreateError, ProviderError } from "../errors";
import { formatTime } from "../times";
import { isUnknown } from "../wire";
import { checkAnswer, describeForCheck, openRecorded, type ResourceContext } from "./context";
import { resolveExpiry } from "./expiry";
import { checkExpirySupport, checkLife, checkShape, Failures, fieldSchemas } from "./input-checks";
import { createInputMemory } from "./input-memory";
import { checkKeyInputs, compareScopes, keyInputShape, keyRequest, recordIssued } from "./key-inputs";
import { issueKey, livingByMarkers, observeKey, revokeKey } from "./key-on-service";
import { logicalName, type Origin } from "./names";
import { keptAfterFailure } from "./partial-failure";
import { leftBehind } from "./rotation-mint";
import { type Credential, isIdle, nextRotation, planRotation, type RotatingOutputs } from "./rotation-plan";
import { Progress, UnfinishedRotation } from "./rotation-progress";
import { isGone, requestOf, requestRotation, type RotatingInputs, statusReason } from "./rotation-request";
import { addStray, forgetPrevious } from "./rotation-retire";
import {
  checkSchedule,
  issueTime,
  type Schedule,
  scheduleFields,
  type ScheduleInputs,
  scheduleOf,
} from "./rotation-schedule";
import { carryOut, needsService } from "./rotation-steps";
import { assertSameTarget } from "./target";

const inputShape = {
  ...keyInputShape,
  ...Object.fromEntries(scheduleFields.map((name) => [name, fieldSchemas.text])),
  emergency: fieldSchemas.freeText,
} as const;

/** Inputs of ApiKey that make no sense over several generations, each with what to do instead. */
const refused: Readonly<Record<string, string>> = {
  expiresAt:
    '"expiresAt" is one date, and cannot serve every generation; give "expiresIn", which counts from each issue',
  secretValue: '"secretValue" is one value, and cannot serve every generation; leave it out, or use ApiKey',
  exactName: '"exactName" is one name, and two generations stand side by side; leave it out',
};

export function createRotatingApiKeyProvider(
  context: ResourceContext,
): ResourceProvider<RotatingInputs, RotatingOutputs> {
  const memory = createInputMemory();
  const decisionTime = (news: RotatingInputs) => memory.decisionTime(news, context.nowMs());
  const scheduleFor = (inputs: ScheduleInputs & { readonly origin: Origin }, facts: Parameters<typeof scheduleOf>[1]) =>
    scheduleOf(inputs, facts, logicalName(inputs.origin));

  return {
    async check(olds: Partial<RotatingInputs>, news: RotatingInputs): Promise<CheckResult<RotatingInputs>> {
      const failures = new Failures();
      const given: Record<string, unknown> = { ...news };
      for (const [field, reason] of Object.entries(refused)) {
        if (given[field] !== undefined) failures.add(field, reason);
        delete given[field];
      }
      checkShape(inputShape, given, failures);
      const connection = news.connection ?? "default";
      const facts = describeForCheck(context, connection, failures);
      checkLife(news.expiresIn, failures);
      if (facts) {
        checkExpirySupport(news, facts, failures);
        checkSchedule(given, facts, logicalName(news.origin), failures);
      }
      const inputs = {
        ...(facts ? checkKeyInputs({ ...news, connection }, facts, failures) : { ...news, connection }),
        status: "active",
      } as unknown as RotatingInputs;
      if (failures.list.length > 0) return checkAnswer(inputs, failures);
      const clocked = facts && !scheduleFields.some((name) => isUnknown(given[name])) ? facts : undefined;
      const nowMs = context.nowMs();
      const request = clocked
        ? requestRotation(olds, inputs, scheduleFor(inputs, clocked), clocked.catalogue, nowMs)
        : (requestOf(olds) ?? {});
      const answer = { ...inputs, ...request };
      memory.note(olds, answer, nowMs);
      return checkAnswer(answer, failures);
    },

    async diff(_id: string, olds: RotatingOutputs, news: RotatingInputs): Promise<DiffResult> {
      const facts = context.connections.describe(isUnknown(news.connection) ? olds.connection : news.connection);
      assertSameTarget(facts, olds);
      const plan = planRotation(olds, news, facts, scheduleFor(news, facts), decisionTime(news));
      if (isIdle(plan)) return { changes: false };
      const deleteBeforeReplace =
        plan.replaces.length > 0 &&
        facts.capabilities.maxActiveKeys === 1 &&
        olds.serviceAccountId === news.serviceAccountId;
      // Left to itself the engine lists the inputs that differ, reason included.
      if (memory.differ(news)) return { replaces: [...plan.replaces], deleteBeforeReplace };
      // What only the record shows is claimed here, and its reason is told in words.
      if (plan.mint) context.warn(`the key "${logicalName(news.origin)}" gets a successor: ${plan.mint.reason}`);
      return { changes: true, replaces: [...plan.replaces], deleteBeforeReplace };
    },

    async create(inputs: RotatingInputs): Promise<CreateResult<RotatingOutputs>> {
      const connection = context.connections.open(inputs.connection);
      connection.assertWritable();
      const nowMs = decisionTime(inputs);
      const schedule = scheduleFor(inputs, connection);
      const id = `rotating-${randomBytes(8).toString("hex")}`;
      const { retireAfter: _after, retireUntil: _until, ...given } = inputs;
      const start = {
        ...given,
        service: connection.origin,
        generation: 1,
        issuedOn: formatTime(issueTime(schedule, nowMs)),
        rotationReason: "first issue",
        createdAt: formatTime(nowMs),
      };
      const naming = await context.marking.naming("RotatingApiKey", inputs, connection);
      try {
        const expiresAt = resolveExpiry(inputs, nowMs);
        const issued = await issueKey(connection, keyRequest(inputs, expiresAt), naming, context.clock);
        const outs: RotatingOutputs = {
          ...start,
          ...recordIssued(issued, { ...inputs, expiresAt, callerChosen: false }, connection, nowMs),
          rotatedAt: formatTime(nowMs),
        };
        return { id, outs: withNextRotation(outs, schedule) };
      } catch (error) {
        if (!(error instanceof AmbiguousCreateError)) throw error;
        throw keptAfterFailure(
          error,
          id,
          { ...start, status: "missing", ...leftBehind({}, error, formatTime(nowMs)) },
          inputs,
        );
      }
    },

    async read(id: string, props?: RotatingOutputs): Promise<ReadResult<RotatingOutputs>> {
      if (!props) throw new ProviderError("a key cannot be read by its id alone; see the README on existing keys");
      const connection = openRecorded(context, props);
      const progress = new Progress(connection, props, context.nowMs(), context);
      await readCurrent(progress);
      await readPrevious(progress);
      const outs = withNextRotation(progress.outs, scheduleFor(props, connection));
      return { id, props: outs, inputs: inputsOf(outs) };
    },

    async update(id: string, olds: RotatingOutputs, news: RotatingInputs): Promise<UpdateResult<RotatingOutputs>> {
      const connection = openRecorded(context, olds);
      const schedule = scheduleFor(news, connection);
      const nowMs = decisionTime(news);
      const plan = planRotation(olds, news, connection, schedule, nowMs);
      if (needsService(plan, olds, news, connection)) connection.assertWritable();
      try {
        const { outs, problems } = await carryOut(connection, olds, news, plan, schedule, nowMs, context);
        const record = withNextRotation(outs, schedule);
        if (problems.length > 0) throw keptAfterFailure(new ProviderError(problems.join(" ")), id, record, news);
        return { outs: record };
      } catch (error) {
        if (!(error instanceof UnfinishedRotation)) throw error;
        // The old key is the current one still, with its own scopes, keepers, life and emergency text.
        throw keptAfterFailure(error, id, error.outs, news);
      }
    },

    async delete(_id: string, props: RotatingOutputs): Promise<void> {
      const connection = openRecorded(context, props);
      connection.assertWritable();
      const { serviceAccountId, lostCreates = [] } = props;
      const problems: string[] = [];
      const attempt = async (run: () => Promise<void>) => {
        try {
          await run();
        } catch (error) {
          if (!(error instanceof ProviderError)) throw error;
          problems.push(error.message);
        }
      };
      const revoke = (id: string, name: string) =>
        attempt(() => revokeKey(connection, defined({ id, name, serviceAccountId })));
      if (lostCreates.length > 0)
        await attempt(async () => {
          for (const { id, name } of await livingByMarkers(connection, serviceAccountId, lostCreates))
            await revoke(id, name);
        });
      for (const { keyId, physicalName } of credentialsOf(props)) await revoke(keyId, physicalName);
      if (problems.length > 0) throw new ProviderError(problems.join(" "));
    },
  };
}

/** The current key as the service has it. */
async function readCurrent(progress: Progress): Promise<void> {
  const { connection, current, outs } = progress;
  if (!current) return;
  const { status, key } = await observeKey(connection, progress.refOf(current), progress.nowMs);
  progress.drop("agreedScopes");
  progress.change({ ...compareScopes(key?.scopes, outs, connection), status });
  if (!key) return;
  // An end that was moved outside is no drift here: it only moves the day of the next rotation.
  progress.drop("expiresAt");
  progress.change(defined({ expiresAt: key.expiresAt }));
}

/** A previous key that somebody has ended is not called valid any more, and one whose end was moved ends as it was promised, or sooner. */
async function readPrevious(progress: Progress): Promise<void> {
  const { connection, current, nowMs } = progress;
  const { previousKey: previous, previousValidUntil } = progress.outs;
  if (!previous || previousValidUntil === undefined) return;
  const promisedMs = Date.parse(previousValidUntil);
  if (previous.keyId === current?.keyId) {
    // An older secret of a key goes with the key, and with the next secret that somebody else gives it.
    const { status } = progress.outs;
    if (isGone(status) && promisedMs > nowMs)
      forgetPrevious(progress, `previous key ${statusReason(status) ?? "gone"}`);
    return;
  }
  if (promisedMs <= nowMs && !previous.endsOnService) return;
  const { status, key } = await observeKey(connection, progress.refOf(previous), nowMs);
  if (isGone(status)) {
    if (promisedMs <= nowMs) return;
    forgetPrevious(progress, `previous key ${statusReason(status) ?? "gone"}`);
    if (key?.status === "active") addStray(progress, previous);
    return;
  }
  const stepMs = Math.max(connection.capabilities.expiry.granularityMs, secondMs);
  const endMs = key?.expiresAt === undefined ? Infinity : Date.parse(key.expiresAt);
  if (endMs + stepMs < promisedMs) {
    const sooner = formatTime(endMs);
    const retireAfter = formatTime(Math.min(Date.parse(previous.retireAfter), endMs));
    progress.change({ previousValidUntil: sooner, previousKey: { ...previous, retireAfter, endsOnService: true } });
  } else if (previous.endsOnService && endMs > promisedMs + stepMs)
    progress.change({ previousKey: { ...previous, endsOnService: false } });
}

/** Every credential that the record carries, oldest first; of those that share an id the newest. */
function credentialsOf({
  keyId,
  physicalName,
  previousKey,
  pendingRevocations = [],
  strayKeys = [],
}: RotatingOutputs): Credential[] {
  const current = keyId !== undefined && physicalName !== undefined ? [{ keyId, physicalName }] : [];
  const all: Credential[] = [...strayKeys, ...pendingRevocations, ...(previousKey ? [previousKey] : []), ...current];
  return all.filter((credential, index) => all.findLastIndex((other) => other.keyId === credential.keyId) === index);
}

function withNextRotation(outs: RotatingOutputs, schedule: Schedule): RotatingOutputs {
  return outs.keyId === undefined ? outs : { ...outs, nextRotationAt: nextRotation(schedule, outs) };
}

const inputNames = [
  "connection", "labels", "name", "description", "serviceAccountId", "scopes", "environment", "keepers", "expiresIn", "fullAccess", "allowOutage", "origin", "target",
  "rotateEvery", "rotateBefore", "overlap", "retire", "maxOverlap", "jitter", "emergency", "status", "generation", "issuedOn", "rotationReason", "retireAskedOn",
] as const; // prettier-ignore

/** The inputs as the user gave them, with the request as the outputs have it. */
function inputsOf(outs: RotatingOutputs): RotatingOutputs {
  const given = Object.fromEntries(
    inputNames.filter((name) => outs[name] !== undefined).map((name) => [name, outs[name]]),
  );
  const { previousKey, previousValidUntil } = outs;
  if (previousKey) {
    given.retireAfter = previousKey.retireAfter;
    if (previousKey.retire === "whenUnused") given.retireUntil = previousValidUntil;
  }
  return given as unknown as RotatingOutputs;
}
