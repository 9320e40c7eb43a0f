/**
 * Facts of a vendor that contradict each other. One of them is wrong. Trusting it would report something that never
 * happened, or fail in the middle of an update, so the backend is refused when it is loaded.
 */
import { suffixLength } from "../values/name-suffix";
import type { ScopeCatalogue } from "../scopes";
import { lettersOf, type NameRules, nameRules, prefixOn } from "./name-rules";
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
  if (expiry.removable !== undefined && !expiry.update)
    found.push(
      '"expiry.removable" says whether the end of an existing key can be taken away, but "expiry.update" says that it cannot be changed at all; correct one of the two',
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

function names(can: Capabilities): string[] {
  const { keys, accounts } = can.limits;
  const found = namesOf(nameRules(can, "keys"), keys ? "limits.keys" : "limits");
  if (accounts && !can.serviceAccounts)
    found.push(
      'there are "limits.accounts", but "serviceAccounts" is left out: the service has none; correct one of the two',
    );
  return accounts ? [...found, ...namesOf(nameRules(can, "accounts"), "limits.accounts")] : found;
}

function namesOf(rules: NameRules, place: string): string[] {
  const { length, pattern, separator } = rules;
  if (length <= suffixLength)
    return [
      `"${place}.nameLength" is ${length}, but every name ends in a suffix of ${suffixLength} characters that tells whose it is: ${length} - ${suffixLength} leaves nothing for the name itself; it takes at least ${suffixLength + 1}`,
    ];
  // What no prefix can make right, the vendor's facts have to.
  const suffixes = ["0123abcdefghijklmno", "0a1b2c3d4e"].map((mark) => lettersOf(`${separator}${mark}`, rules));
  const prefixes = ["a", "A", "key", "Key", "_a", "a_"].map((prefix) => prefixOn(prefix, rules));
  const names = prefixes.flatMap((prefix) => suffixes.map((suffix) => `${prefix}${suffix}`));
  if (pattern && !names.some((name) => pattern.test(name)))
    return [
      `"${place}.namePattern" takes no name with our suffix, such as ${JSON.stringify(names[0])}; say in "${place}.naming" how names are made: "separator", "letters", "characters"`,
    ];
  return [];
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
