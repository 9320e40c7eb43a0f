/** One function for each step of a rotation that asks the service. Decides nothing, and throws only what nobody can carry on from. */
import type { IssuedApiKey, KeyChanges, KeyRef } from "../../backends/definition";
import type { WritableConnection } from "../../connections";
import { defined } from "../../defined";
import { AmbiguousCreateError, isUnclear, ProviderError, wordsOf } from "../../errors";
import { formatTime } from "../../times";
import { withUnseenSecret } from "../../unseen-secret";
import { changeKey } from "../change-key";
import { agreedEnd, type End } from "../expiry";
import type { ResourceContext } from "../context";
import type { KnownKey } from "../absence";
import { lacksOf } from "../given";
import { keyRequest } from "../key-inputs";
import type { Naming } from "../marking";
import { issueKey, whole } from "../issue-key";
import { livingByMarkers, observeKey, retireCredential, revokeKey } from "../key-on-service";
import { isPlainId } from "../plain-id";
import { endByService, serviceAheadMs } from "../service-time";
import type { Aim } from "./due-issue";
import { type Credential, credentialsOf, currentOf, type KeyRing } from "./key-ring";
import type { Outcomes, Progress, ServiceStep, Told } from "./outcome";
import { rotatingFields } from "./fields";
import { endToAsk } from "./server-end";
import { leavesOverlap } from "./succession";
import { lessThanBefore, unclearRotate } from "./words";

/** An update under way: what it works towards, and the service it works on. */
export interface RotationCall extends Aim {
  readonly facts: WritableConnection;
  readonly tools: Pick<ResourceContext, "clock" | "marking" | "nowMs" | "warn" | "heedsServiceClock">;
}

type StepOf<Kind extends ServiceStep["kind"]> = Extract<ServiceStep, { readonly kind: Kind }>;
type Perform<Kind extends ServiceStep["kind"]> = (
  call: RotationCall,
  progress: Progress,
  step: StepOf<Kind>,
) => Promise<Outcomes[Kind]>;

const performers: { readonly [Kind in ServiceStep["kind"]]: Perform<Kind> } = {
  look: ({ facts, nowMs }, { ring }, { key }) => tryTo(() => observeKey(facts, knownKey(ring, key), nowMs)),
  probe: ({ facts, nowMs }, { ring }, { key: { secretVersion: _any, ...key } }) =>
    tryTo(() => observeKey(facts, knownKey(ring, key), nowMs)),
  search,
  ask: ({ facts }, { ring }, { key }) => tryTo(() => facts.client.getKey(refOf(ring, key))),
  revoke,
  issue,
  rotate,
  wait: async ({ tools }, _progress, { ms }) => {
    await tools.clock.sleep(ms);
    return { value: undefined };
  },
  change: (call, { ring }, { key, changes }) => change(call, refOf(ring, key), changes),
  setEnd: (call, { ring }, { key }) =>
    change(call, refOf(ring, key), {
      expiresAt: endToAsk(key, call.facts.capabilities.expiry.granularityMs, serviceAheadMs(call.tools, call.facts)),
    }),
};

export function perform<Kind extends ServiceStep["kind"]>(
  call: RotationCall,
  progress: Progress,
  step: StepOf<Kind>,
): Promise<Outcomes[Kind]> {
  const run: Perform<Kind> = performers[step.kind];
  return run(call, progress, step);
}

/** A credential as the service finds it. */
export function refOf(
  { record }: Pick<KeyRing, "record">,
  { keyId, physicalName, secretVersion }: Credential,
): KeyRef & { secretVersion?: string } {
  return defined({ id: keyId, name: physicalName, serviceAccountId: record.serviceAccountId, secretVersion });
}

/** Keys of creates whose answers were lost. One whose id may be its secret is no entry of a record: it is revoked at once. */
function search({ facts }: RotationCall, { ring }: Progress): Promise<Outcomes["search"]> {
  return tryTo(async () => {
    const { serviceAccountId } = ring.record;
    const found = await livingByMarkers(facts, serviceAccountId, ring.lost);
    for (const { id, name } of found)
      if (!isPlainId(id)) await revokeKey(facts, defined({ id, name, serviceAccountId }));
    return found.filter(({ id }) => isPlainId(id)).map(({ id, name }) => ({ keyId: id, physicalName: name }));
  });
}

/** The same with its own secret, the last witness of whether it is gone. */
export function knownKey(ring: Pick<KeyRing, "record" | "previous">, credential: Credential): KnownKey {
  const { record, previous } = ring;
  const isCurrent = credential.keyId === record.keyId;
  const secret = isCurrent ? record.secret : credential.keyId === previous?.keyId ? previous.secret : undefined;
  return defined({ ...refOf(ring, credential), secret, accessId: isCurrent ? record.accessId : undefined });
}

async function revoke(
  { facts }: RotationCall,
  { ring, seen }: Progress,
  { key, why }: StepOf<"revoke">,
): Promise<Outcomes["revoke"]> {
  const ref = refOf(ring, key);
  const known = knownKey(ring, key);
  // The report is worth a request, and not a failure.
  const asks = why === "condemned" && seen.issued?.emergency && facts.capabilities.lastUsed;
  const told = asks ? await tryTo(() => facts.client.getKey(ref)) : undefined;
  const lastUse = told && "value" in told && told.value ? (told.value.lastUsedAt ?? "never") : undefined;
  if (seen.refused.has(key.keyId)) return { problem: "refused before", lastUse };
  const current = currentOf(ring);
  const outcome = await tryTo(async () => {
    if (key.keyId !== current?.keyId) return retireCredential(facts, known);
    // Same id as the current key: only the secret that native rotation has replaced is left to revoke.
    await facts.client.revokePrevious?.(refOf(ring, current));
    return "gone" as const;
  });
  return { ...outcome, lastUse };
}

async function issue(
  call: RotationCall,
  { ring }: Progress,
  { issue: { emergency, currentIsDead } }: StepOf<"issue">,
): Promise<Outcomes["issue"]> {
  try {
    const { facts, wanted, nowMs, tools } = call;
    let sent: End = {};
    const end = () => (sent = endByService(tools, facts, { asked: wanted, nowMs }));
    const request = { ...keyRequest(rotatingFields, wanted, facts), end };
    const issued = await issueKey(facts, request, await namingOf(call), tools.clock);
    const { granularityMs } = facts.capabilities.expiry;
    const expiresAt = agreedEnd(sent.expiresAt, wanted, { issued, granularityMs });
    const lacks = lacksOf({ asked: { ...wanted, expiresAt }, given: issued, facts, acceptLess: wanted.acceptLess });
    // A key that does less is better than none, and in an emergency than one that somebody else has.
    const isKept = emergency || currentIsDead || currentOf(ring) === undefined || isOfRing(ring, issued);
    return lacks === undefined || isKept
      ? { value: issued, askedEnd: expiresAt }
      : await takenBack(call, ring, { issued, lacks });
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    return { problem: error.message, unclear: error instanceof AmbiguousCreateError ? error : undefined };
  }
}

/** A service that answers with an id we know has made no other key. */
function isOfRing(ring: KeyRing, { id }: IssuedApiKey): boolean {
  return credentialsOf(ring).some(({ keyId }) => keyId === id);
}

/** A new key that got less than was asked for does not take the place of one that works: it is revoked. */
async function takenBack(
  { facts }: RotationCall,
  ring: KeyRing,
  { issued, lacks }: { readonly issued: IssuedApiKey; readonly lacks: string },
): Promise<Outcomes["issue"]> {
  const { id, name, secret, accessId } = issued;
  const { serviceAccountId } = ring.record;
  const gone = await tryTo(() => revokeKey(facts, defined({ id, name, secret, accessId, serviceAccountId })));
  return {
    problem: lessThanBefore({
      id,
      lacks,
      current: ring.record.keyId,
      problem: "problem" in gone ? gone.problem : undefined,
    }),
    left: "problem" in gone ? { keyId: id, physicalName: name } : undefined,
  };
}

/** A service with one key per account gives it a new secret. */
async function rotate(
  call: RotationCall,
  { ring }: Progress,
  { issue, key, keepPrevious }: StepOf<"rotate">,
): Promise<Outcomes["rotate"]> {
  const { facts, schedule, nowMs } = call;
  const graceMs = leavesOverlap(issue, schedule) ? schedule.overlapMs : 0;
  const ref = refOf(ring, key);
  const name = facts.capabilities.nativeRotate?.id === "new" ? (await namingOf(call)).draw() : key.physicalName;
  try {
    if (!facts.client.rotateKey) throw new ProviderError(`${facts.backend} cannot rotate a key.`);
    return {
      value: whole(
        "rotateKey",
        await facts.client.rotateKey(ref, { graceMs, name, ...(keepPrevious && { keepPrevious }) }),
      ),
    };
  } catch (error) {
    if (!isUnclear(error)) return { problem: wordsOf(error) };
    const observed = await withUnseenSecret(() => tryTo(() => observeKey(facts, ref, nowMs)));
    const isUntouched =
      "value" in observed && key.secretVersion !== undefined && observed.value.key?.secretVersion === key.secretVersion;
    if (isUntouched) return { problem: wordsOf(error) };
    const blockedUntil = formatTime(nowMs + graceMs);
    return { problem: unclearRotate(key.keyId, blockedUntil), blockedUntil };
  }
}

function namingOf({ tools, wanted, facts }: RotationCall): Promise<Naming> {
  return tools.marking.naming("RotatingApiKey", wanted, facts);
}

/** Changes a key; where that fails, tells how the key is by now. */
async function change(
  { facts, nowMs }: RotationCall,
  ref: KeyRef & { secretVersion?: string },
  changes: KeyChanges,
): Promise<Outcomes["change"]> {
  const done = await tryTo(() => changeKey(facts, ref, changes));
  if ("value" in done) return done;
  const observed = await tryTo(() => observeKey(facts, ref, nowMs));
  return { ...done, observed: "value" in observed ? observed.value : undefined };
}

/** Does what may fail without harm to the rest. */
export async function tryTo<Value>(run: () => Promise<Value>): Promise<Told<Value>> {
  try {
    return { value: await run() };
  } catch (error) {
    if (error instanceof ProviderError) return { problem: error.message };
    // Also a mistake in a backend: a key that was issued must not be lost over it.
    return { problem: wordsOf(error) };
  }
}
