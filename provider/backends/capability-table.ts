import { formatDuration } from "../values/durations";
import { completeCapabilities } from "./define-backend";
import type { Capabilities, Vendor } from "./definition";

/** A row of the table in docs/backends.md. */
interface Row {
  readonly ability: string;
  readonly of: (capabilities: Capabilities) => string;
}

const yes = (value: boolean) => (value ? "yes" : "no");

const rows: readonly Row[] = [
  {
    ability: "a key belongs to",
    of: ({ parent }) => (parent === "serviceAccount" ? "a service account" : "the owner of the admin credential"),
  },
  { ability: "`ServiceAccount`", of: ({ serviceAccounts }) => yes(serviceAccounts !== undefined) },
  {
    ability: "scopes",
    of: ({ scopes, scopesTold }) =>
      ({
        immutable: "on the key, immutable",
        mutable: "on the key (a change replaces it anyway)",
        account: "on the account",
        none: "none",
      })[scopes] + (scopesTold ? "" : ", never told"),
  },
  {
    ability: "keys at a time",
    of: ({ maxActiveKeys }) => (maxActiveKeys === undefined ? "many" : String(maxActiveKeys)),
  },
  {
    ability: "expiry",
    of: ({ expiry }) =>
      expiry.support === "none" ? "no" : `${expiry.support}${expiry.update ? ", changeable" : ", fixed"}`,
  },
  { ability: "old key after a rotation", of: (capabilities) => previousEnd(capabilities) },
  {
    ability: "native rotate",
    of: ({ nativeRotate }) =>
      nativeRotate
        ? `${nativeRotate.id} id, grace ${nativeRotate.maxGraceMs === 0 ? "none" : `up to ${formatDuration(nativeRotate.maxGraceMs)}`}`
        : "no",
  },
  { ability: "`retire: whenUnused`", of: ({ lastUsed }) => yes(lastUsed !== undefined) },
  { ability: "`environment`", of: ({ environments }) => environments?.join(", ") ?? "no choice" },
  {
    ability: "`secretValue`",
    of: ({ secret }) =>
      secret.callerChosen
        ? `yes${secret.significantBytes === undefined ? "" : `, ${secret.significantBytes} bytes`}`
        : "no",
  },
  {
    ability: "credential",
    of: ({ secret }) => (secret.form === "pair" ? "a pair: `accessId` and `secret`" : "one token"),
  },
  { ability: "rename in place", of: ({ rename }) => yes(rename) },
  { ability: "`onDisabled: enable`", of: (capabilities) => enabling(capabilities) },
  {
    ability: "record of an ended key",
    of: ({ endedRecords }) =>
      endedRecords === undefined ? "not known" : { kept: "kept", removable: "removed" }[endedRecords],
  },
  {
    ability: "description",
    of: ({ description }) =>
      ({ update: "changeable", replace: "a change replaces", none: "in the state only" })[description],
  },
  { ability: "key names", of: ({ uniqueNames }) => (uniqueNames ? "unique" : "may repeat") },
];

function enabling({ enable, serviceAccounts }: Capabilities): string {
  const can = [...(serviceAccounts?.enable ? ["accounts"] : []), ...(enable ? ["keys"] : [])];
  return can.length === 0 ? "no" : can.join(", ");
}

function previousEnd({ delayedRevoke, maxActiveKeys, nativeRotate }: Capabilities): string {
  if (maxActiveKeys === 1) return nativeRotate && nativeRotate.maxGraceMs > 0 ? "ended by the service" : "ends at once";
  return delayedRevoke ? "ended by the service on time" : "revoked by the first `pulumi up` after the overlap";
}

/** What each backend can do, as a Markdown table. The code is its only source. */
export function capabilityTable(vendors: readonly Vendor[]): string {
  const sorted = vendors
    .map(({ name, capabilities }) => ({ name, capabilities: completeCapabilities(name, capabilities) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const lines = [
    ["", ...rows.map(({ ability }) => ability)],
    ["---", ...rows.map(() => "---")],
    ...sorted.map(({ name, capabilities }) => [`**${name}**`, ...rows.map(({ of }) => of(capabilities))]),
  ];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
