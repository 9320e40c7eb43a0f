/**
 * Facts of a vendor that contradict each other. One of them is wrong. Trusting it would report something that never
 * happened, or fail in the middle of an update, so the backend is refused when it is loaded.
 */
import { suffixLength } from "../name-suffix";
import type { ScopeCatalogue } from "../scopes";
import type { Capabilities } from "./capabilities";

/** The contradictions, and what to do, as sentences without a full stop. Empty: the facts agree. */
export function contradictionsOf(can: Capabilities, catalogue: ScopeCatalogue | undefined): string[] {
  return [...ends(can), ...scopePlaces(can, catalogue), ...rotation(can), ...names(can), ...others(can)];
}

function ends({ expiry, delayedRevoke, maxActiveKeys }: Capabilities): string[] {
  const found: string[] = [];
  if (delayedRevoke && !expiry.update)
    found.push(
      '"delayedRevoke" leaves it to the service to end an older key at a time that is set on it, but "expiry.update" says that the end of an existing key cannot be set; set "expiry.update" to true if "updateKey" takes "expiresAt", otherwise "delayedRevoke" to false',
    );
  if (expiry.update && expiry.support === "none")
    found.push(
      '"expiry.update" says that the end of a key can be changed, but "expiry.support" is "none": keys have no end; correct one of the two',
    );
  if (delayedRevoke && maxActiveKeys === 1)
    found.push(
      '"delayedRevoke" sets the end of an older key, but with "maxActiveKeys": 1 no older key lives beside the current one; leave "delayedRevoke" out',
    );
  return found;
}

function scopePlaces({ parent, scopes, serviceAccounts }: Capabilities, catalogue: ScopeCatalogue | undefined) {
  const found: string[] = [];
  const onAccounts = serviceAccounts !== undefined && serviceAccounts.scopes !== "none";
  if (parent === "serviceAccount" && !serviceAccounts)
    found.push(
      '"parent" says that keys belong to service accounts, but "serviceAccounts" is left out: the service has none; describe them, or set "parent" to "credential"',
    );
  if (scopes === "account" && (parent === "credential" || !onAccounts))
    found.push(
      `"scopes" is "account": all scopes stand on the service account, but ${parent === "credential" ? '"parent" is "credential"' : '"serviceAccounts.scopes" is "none"'}; say how an account's scopes can be set, or set "scopes" to "none"`,
    );
  if (scopes === "none" && onAccounts)
    found.push(
      `"scopes" is "none", but "serviceAccounts.scopes" is "${serviceAccounts.scopes}"; set "scopes" to "account" if they decide what a key may do`,
    );
  if (scopes === "none" && !onAccounts && catalogue)
    found.push(
      '"scopes" is "none", but there is a "catalogue" of scopes; leave it out, or say where scopes stand: "immutable" or "mutable" (on the key), or "account"',
    );
  return found;
}

function rotation({ nativeRotate }: Capabilities): string[] {
  return nativeRotate?.graceChosen && nativeRotate.maxGraceMs === 0
    ? [
        '"nativeRotate.graceChosen" lets the caller choose how long an old secret works, but "nativeRotate.maxGraceMs" is 0: there is nothing to choose; correct one of the two',
      ]
    : [];
}

function names({ limits: { nameLength } }: Capabilities): string[] {
  if (nameLength > suffixLength) return [];
  return [
    `"limits.nameLength" is ${nameLength}, but every name ends in a suffix of ${suffixLength} characters that tells whose it is: ${nameLength} - ${suffixLength} leaves nothing for the name itself; it takes at least ${suffixLength + 1}`,
  ];
}

function others({ environments, secret }: Capabilities): string[] {
  const found: string[] = [];
  if (environments?.length === 0)
    found.push('"environments" is an empty list to choose from; leave it out where the caller has no choice');
  if (secret.significantBytes !== undefined && !secret.callerChosen)
    found.push(
      '"secret.significantBytes" says how much of a chosen secret counts, but "secret.callerChosen" is false; correct one of the two',
    );
  return found;
}
