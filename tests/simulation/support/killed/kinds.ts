/** The services that killed runs are tried on: what matters of each for what a run may leave. */
import type { Capabilities } from "../../../../provider/backends/definition";
import { dayMs, minuteMs } from "../../../../provider/values/durations";
import { accounts, everyday } from "../../../unit/provider/support/fake-service";

const told = { lagMs: 0, granularityMs: 0 };
const oneKey: Partial<Capabilities> = {
  parent: "serviceAccount",
  serviceAccounts: accounts,
  scopes: "none",
  expiry: { support: "none", update: false, granularityMs: 1_000 },
  maxActiveKeys: 1,
  idsReused: true,
};

const kinds = {
  /** Keys belong to the credential, and names are unique. */
  plain: { rename: true, uniqueNames: true, enable: true, lastUsed: told },
  /** Keys belong to accounts, and end by themselves. */
  accounts: {
    parent: "serviceAccount",
    serviceAccounts: { ...accounts, enable: true },
    enable: true,
    expiry: { support: "optional", update: true, granularityMs: 1_000 },
    delayedRevoke: true,
    lastUsed: { lagMs: minuteMs, granularityMs: 0 },
  },
  /** An account keeps two keys. */
  two: { parent: "serviceAccount", serviceAccounts: accounts, maxActiveKeys: 2, lastUsed: told },
  /** An account keeps one key, under its own id, and the service rotates it with a grace. */
  one: {
    ...oneKey,
    nativeRotate: { id: "same", maxGraceMs: 7 * dayMs, graceChosen: false, keepsPrevious: true },
  },
  /** The same, and the old secret dies at once. */
  gap: { ...oneKey, nativeRotate: { id: "same", maxGraceMs: 0, graceChosen: false } },
  /** An account, and a key, take two requests each: what is made, and then its role or its secret. */
  steps: { parent: "serviceAccount", serviceAccounts: { ...accounts, role: "update" }, lastUsed: told },
  /** Keys end by themselves, and leave a record that somebody has to remove. */
  records: {
    expiry: { support: "optional", update: true, granularityMs: 1_000 },
    delayedRevoke: true,
    endedRecords: "removable",
    lastUsed: told,
  },
  /** Nobody can tell whether a key was used. */
  silent: { parent: "serviceAccount", serviceAccounts: accounts, uniqueNames: true },
} as const satisfies Readonly<Record<string, Partial<Capabilities>>>;

export type Kind = keyof typeof kinds;
export const kindNames = Object.keys(kinds) as Kind[];

export function capabilitiesOf(kind: Kind): Capabilities {
  return { ...everyday, ...(kinds[kind] as Partial<Capabilities>) };
}

/** Whether an account and a key are made in steps. */
export function isStepwise(kind: Kind): boolean {
  return kind === "steps";
}
