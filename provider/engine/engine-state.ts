/**
 * Reads what the engine has recorded so far, during an update: `pulumi stack export` works under the update's own lock.
 * Asked only when a key is about to be issued, once per process, and again when something needs a proof.
 */
import { execFile } from "node:child_process";
import { readlinkSync } from "node:fs";
import { basename } from "node:path";
import { minuteMs } from "../values/durations";

/** A state's identity, and the names of our resources in it. */
export interface RecordedState {
  /**
   * A text that no other state has: the ids that the engine generated for the state's dynamic providers. The engine
   * records them before the first dynamic resource, and keeps them through renames, refreshes and configuration
   * changes.
   */
  readonly identity: string;
  /**
   * The names of all recorded keys and accounts, including older generations and creates whose answer was lost. No ids:
   * an id means something on one service only, and some ids pass from key to key.
   */
  readonly names: ReadonlySet<string>;
  /** Which resource has a key or an account, by {@link placeOnService}. */
  readonly holders: ReadonlyMap<string, Holder>;
  /** The engine is working on one of its resources now, or was when it was killed. */
  readonly isChanging?: boolean;
}

/** A resource of the state. */
export interface Holder {
  /** `ApiKey`, for example. */
  readonly type: string;
  readonly name: string;
}

/** Where something is: ids mean something on one service only. */
export function placeOnService(service: string, id: string): string {
  return JSON.stringify([service, id]);
}

/** Reads the state of the stack `organisation/project/stack`; undefined if it cannot be read. */
export type AskState = (stack: string) => Promise<RecordedState | undefined>;

/** For tests, and wherever no engine runs. */
export const noState: AskState = () => Promise.resolve(undefined);

/** Reads it from the engine that runs this process. */
export const askEngine: AskState = async (stack) => {
  // The file backend knows a stack from before projects had folders by its bare name only.
  const text = (await exported(stack)) ?? (await exported(stack.slice(stack.lastIndexOf("/") + 1)));
  return text === undefined ? undefined : readState(text);
};

const providerTypes: readonly string[] = ["pulumi:providers:pulumi-nodejs", "pulumi:providers:apikeys"];
const ourTypes = /^(pulumi-nodejs:dynamic\/apikeys:|apikeys:index:)/;

/** Reads the output of `pulumi stack export`; undefined if it has no identity. */
export function readState(text: string): RecordedState | undefined {
  try {
    return stateIn(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** The same for an export that is already parsed. */
export function stateIn(exported: unknown): RecordedState | undefined {
  const resources = listOf(record(record(exported).deployment).resources);
  const identities: string[] = [];
  const names = new Set<string>();
  const holders = new Map<string, Holder>();
  for (const resource of resources) {
    const { type, id, urn, outputs } = record(resource);
    if (typeof type !== "string") continue;
    if (providerTypes.includes(type) && typeof id === "string") identities.push(id);
    if (!ourTypes.test(type)) continue;
    collect(outputs, names);
    const { service, keyId, accountId } = record(outputs);
    const held = keyId ?? accountId;
    const name = typeof urn === "string" ? urn.split("::").slice(3).join("::") : "";
    if (typeof service === "string" && typeof held === "string")
      holders.set(placeOnService(service, held), { type: type.slice(type.lastIndexOf(":") + 1), name });
  }
  if (identities.length === 0) return undefined;
  const isChanging = listOf(record(record(exported).deployment).pending_operations).length > 0;
  return { identity: identities.sort().join(" "), names, holders, isChanging };
}

const listFields = ["pendingRevocations", "strayKeys"];

function collect(outputs: unknown, names: Set<string>): void {
  const fields = record(outputs);
  if (typeof fields.physicalName === "string") names.add(fields.physicalName);
  for (const name of listOf(fields.lostCreates)) if (typeof name === "string") names.add(name);
  for (const inner of [fields.previousKey, ...listFields.flatMap((field) => listOf(fields[field]))])
    if (inner !== undefined) collect(inner, names);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function exported(stack: string): Promise<string | undefined> {
  return new Promise((done) => {
    execFile(
      enginePath(),
      ["stack", "export", "--stack", stack, "--non-interactive"],
      { timeout: minuteMs, maxBuffer: 1024 * 1024 * 1024, windowsHide: true },
      // The error's message may quote the state.
      (error, stdout) => done(error ? undefined : stdout),
    );
  });
}

/** The engine that started this process, if the system can tell; otherwise the one on PATH. */
function enginePath(): string {
  try {
    const parent = readlinkSync(`/proc/${process.ppid}/exe`);
    if (/^pulumi(\.exe)?$/.test(basename(parent))) return parent;
  } catch {
    // Not Linux, or not readable by this user.
  }
  return "pulumi";
}
