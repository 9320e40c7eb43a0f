/** What a read makes of the record of a key. */
import type { ReadResult } from "@pulumi/pulumi/dynamic";
import type { ConnectionFacts } from "../../connections/connections";
import { hasPassed } from "../../values/times";
import { defined } from "../../values/defined";
import { except, namesOf, picked } from "../fields/field";
import { compareOptions, optionFields } from "../fields/given-options";
import { foundTarget } from "../identity/target";
import { compareEnd } from "../key/expiry";
import { compareScopes, sameDescription, withAccount } from "../key/key-inputs";
import type { Observation } from "../key/key-on-service";
import { apiKeyFields, isCallerChosen } from "./fields";
import type { ApiKeyOutputs, RecordedKey } from "./inputs";

const noEnd = { expiresAt: undefined, askedExpiresAt: undefined, serverExpiresAt: undefined };

/** The record after a look at the service. */
export function found(
  { id, outs: recorded }: RecordedKey,
  { status, key, movedTo }: Observation,
  facts: ConnectionFacts,
): ReadResult<ApiKeyOutputs> {
  const props = withAccount(recorded, movedTo);
  const { agreedScopes: _agreed, serverScopes: _given, agreedExpiresAt: _end, ...others } = props;
  const rest = except(optionFields, others);
  const { capabilities } = facts;
  const { expiresAt, agreedExpiresAt = expiresAt, askedExpiresAt, serverExpiresAt } = props;
  const { moved, end } = key
    ? compareEnd(key.expiresAt, props, capabilities.expiry.granularityMs)
    : { moved: false, end: { expiresAt: agreedExpiresAt, askedExpiresAt, serverExpiresAt } };
  const reworded = capabilities.description === "update" ? key?.description : undefined;
  const outs = defined({
    ...rest,
    ...compareScopes(key?.scopes, props, facts),
    ...compareOptions({ declared: facts.keyOptions, told: key?.options }, props),
    status,
    accessId: key?.accessId ?? props.accessId,
    description: sameDescription(reworded, props.description) ? props.description : reworded,
    ...noEnd,
    ...end,
  }) as ApiKeyOutputs;
  return { id, props: outs, inputs: { ...inputsOf(outs, moved), ...foundTarget(facts, outs) } };
}

/** The unchanged record, except for an expiry, which needs no answer from the service. */
export function unread({ id, outs: props }: RecordedKey, nowMs: number): ReadResult<ApiKeyOutputs> {
  const isOver = props.status === "active" && hasPassed(props.expiresAt, nowMs);
  const outs: ApiKeyOutputs = isOver ? { ...props, status: "expired" } : props;
  return { id, props: outs, inputs: inputsOf(outs, outs.agreedExpiresAt !== undefined) };
}

/** The user's inputs in the form that `check` gave them, with drift as the service has it. */
export function inputsOf(outs: ApiKeyOutputs, endMoved: boolean): ApiKeyOutputs {
  const given: Record<string, unknown> = { ...picked(namesOf(apiKeyFields), outs) };
  const ownEnd = outs.expiresIn === undefined && outs.expiryImposed !== true;
  if (!ownEnd && !endMoved) delete given.expiresAt;
  else if (!endMoved && outs.askedExpiresAt !== undefined) given.expiresAt = outs.askedExpiresAt;
  // `check` must recognize the program's own date even after it has passed.
  if (!endMoved || outs.expiresIn !== undefined || outs.expiryImposed === true) delete given.agreedExpiresAt;
  // A removed end shows as a missing life, because nothing else is left to show it.
  if (endMoved && outs.expiresAt === undefined) delete given.expiresIn;
  if (isCallerChosen(outs)) given.secretValue = outs.secret;
  return given as unknown as ApiKeyOutputs;
}
