import type { RuleId } from "../levels";
import { administrativeAccess } from "./administrative-access";
import { disabledAccess } from "./disabled-access";
import { exposedSecret } from "./exposed-secret";
import { invalidWaiver } from "./invalid-waiver";
import { keyIssuingScope } from "./key-issuing-scope";
import { missingLabels } from "./missing-labels";
import { mixedEnvironments } from "./mixed-environments";
import { movedConnection } from "./moved-connection";
import { namePattern } from "./name-pattern";
import { newConsumer } from "./new-consumer";
import { newServer } from "./new-server";
import { neverGrant } from "./never-grant";
import { otherAccount } from "./other-account";
import { otherCode } from "./other-code";
import { otherThanAsked } from "./other-than-asked";
import { outage } from "./outage";
import { overdueRotation } from "./overdue-rotation";
import { policyEdit } from "./policy-edit";
import { readToWrite } from "./read-to-write";
import type { Rule } from "./rule";
import { scopeByClaim } from "./scope-by-claim";
import { scopeRemoved } from "./scope-removed";
import { sharedKey } from "./shared-key";
import { takenOver } from "./taken-over";
import { tooManyKeys } from "./too-many-keys";
import { unattendedEnd } from "./unattended-end";
import { unlimitedLife } from "./unlimited-life";
import { unreadableScopes } from "./unreadable-scopes";
import { unreviewedCode } from "./unreviewed-code";
import { weakerExpiry } from "./weaker-expiry";
import { weakerProtection } from "./weaker-protection";
import { wildcardScope } from "./wildcard-scope";

/** Every rule, in the order of its number. SR017 and SR018 need an inventory of the service. */
export const rules: readonly Rule[] = [
  wildcardScope,
  readToWrite,
  keyIssuingScope,
  neverGrant,
  overdueRotation,
  unlimitedLife,
  missingLabels,
  namePattern,
  mixedEnvironments,
  sharedKey,
  tooManyKeys,
  outage,
  scopeRemoved,
  weakerExpiry,
  unreadableScopes,
  exposedSecret,
  weakerProtection,
  invalidWaiver,
  movedConnection,
  policyEdit,
  unreviewedCode,
  newServer,
  otherThanAsked,
  unattendedEnd,
  otherAccount,
  administrativeAccess,
  scopeByClaim,
  takenOver,
  disabledAccess,
  otherCode,
  newConsumer,
];

const byId = new Map(rules.map((rule) => [rule.id, rule]));

export function ruleOf(id: RuleId): Rule | undefined {
  return byId.get(id);
}
