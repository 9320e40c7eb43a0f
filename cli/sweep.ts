import { type Command, InvalidArgumentError, Option } from "commander";
import type { InventoryRow } from "../inventory/classify";
import type { RecordedStack } from "../inventory/recorded";
import { isUnlocked } from "../inventory/stack-lock";
import { clockIsSet, decisionTime } from "../provider/clock";
import { defined } from "../provider/values/defined";
import { hourMs, parseDuration } from "../provider/values/durations";
import type { Capabilities } from "../provider/backends/definition";
import type { Connections, WritableConnection } from "../provider/connections/connections";
import { ConfigError, ProviderError, wordsOf } from "../provider/errors";
import { mayLive } from "../provider/resources/key/absence";
import { revokeKey, statusOf } from "../provider/resources/key/key-on-service";
import { usualNames } from "../provider/resources/identity/names";
import { isOwnKey, mayBeOwnKey, refuseOwnAccount } from "../provider/resources/key/own-key";
import { exitCodes, gravestExit } from "../review/exit-code";
import { inert } from "../review/inert";
import { type CommandHost, processHost, runs, usageFailure } from "./command";
import { isLiving, placeOfConnection, takeInventory } from "./inventory";
import { addStatesOptions, readStates, type StatesOptions } from "./many-states";
import { presented } from "./presented-row";
import { progressOf } from "./progress";
import { connectionsOf } from "./service-connections";

interface SweepOptions extends StatesOptions {
  readonly connection?: readonly string[];
  readonly yes: boolean;
  readonly used: boolean;
  readonly minAge: number;
  readonly lostState: boolean;
  readonly unlocked: boolean;
  readonly ended: boolean;
  readonly json: boolean;
}

/** What a sweep does with one key that no state names. */
interface Verdict {
  readonly row: InventoryRow;
  /** Why the key is left alone; missing if it is revoked. */
  readonly kept?: string;
  /** It has ended: only its record is removed. */
  readonly ended?: true;
}

/** `apikeys sweep`: revokes keys that are provably ours and in no state. */
export function addSweepCommand(program: Command, host: CommandHost = processHost): void {
  const command = addStatesOptions(
    program
      .command("sweep")
      .description(
        "Revokes keys whose name proves that the given states requested them, and that no state names now. Without --yes it only says what it would do.",
      )
      .option("--connection <name...>", "look at these connections (default: all that the states use)")
      .option("--yes", "revoke", false)
      .addOption(
        new Option("--min-age <duration>", "leave younger keys alone").argParser(parseAge).default(hourMs, "1h"),
      )
      .option("--used", "also revoke keys that somebody has used", false)
      .option(
        "--lost-state",
        "with --state and --yes: this file is the newest state, because the stack's own is lost",
        false,
      )
      .option("--unlocked", "with --yes, if the backend cannot tell: no update of these stacks is running", false)
      .option("--ended", "also remove the records of ended keys, if the service keeps them and can remove them", false)
      .option("--json", "print JSON", false),
  ).addHelpText(
    "after",
    "\nExit codes: 0 nothing is left to do; 2 bad flags; 7 something is left; 10 a service, a state or a lock could not be read.",
  );
  runs(command, host, (options: SweepOptions) => sweep(options, host));
}

async function sweep(options: SweepOptions, host: CommandHost): Promise<number> {
  if (options.yes && options.state !== undefined && !options.lostState)
    throw usageFailure(
      "A file may be older than the stack's state, and a key that only the newer one names would be revoked. Leave --state out, or say --lost-state if the stack's own state is gone.",
    );
  const states = await readStates(options, host);
  if (options.yes && options.state === undefined) refuseRunning(states, options, host);
  const { rows, problems } = await takeInventory(states, options.connection, host);
  const nowMs = decisionTime(host.env);
  const connectionsFor = connectionsOnce(host.env);
  const capabilitiesOf = (row: InventoryRow): Capabilities | undefined =>
    connectionsTo(row, states, connectionsFor)?.describe(row.connection).capabilities;
  const judged = judgeAll(rows, options, {
    nowMs,
    tellsUse: (row) => capabilitiesOf(row)?.lastUsed !== undefined,
    keepsEnded: (row) => capabilitiesOf(row)?.endedRecords === "removable",
  });
  // An update may have recorded it meanwhile.
  const newest = options.yes ? await readStates(options, host) : states;
  const verdicts = judged.map((verdict) => keptByState(verdict, newest));
  const failures = options.yes ? await revoke(verdicts, newest, host) : [];
  const wanted = verdicts.filter(({ kept }) => kept === undefined);
  if (options.json)
    host.stdout(
      `${JSON.stringify({ swept: options.yes, verdicts: verdicts.map(shown), failures, problems }, null, 2)}\n`,
    );
  else host.stdout(words(verdicts, options.yes, failures));
  for (const problem of problems) host.stderr(`apikeys sweep: ${problem}\n`);
  const isLeft = failures.length > 0 || verdicts.length > wanted.length || (!options.yes && wanted.length > 0);
  return gravestExit([
    isLeft ? exitCodes.somethingDue : exitCodes.fine,
    problems.length > 0 ? exitCodes.cannotBeTold : exitCodes.fine,
  ]);
}

/** Refuses while an update runs: the state does not name the keys yet that it is making. */
function refuseRunning(states: readonly RecordedStack[], options: SweepOptions, host: CommandHost): void {
  for (const { stack } of states) {
    const unlocked = isUnlocked(stack, host.env);
    if (unlocked === false) throw usageFailure(`An update of ${stack} is running. Wait until it has ended.`);
    if (unlocked === undefined && !options.unlocked)
      throw usageFailure(`Cannot tell whether an update of ${stack} is running. If none is, pass --unlocked.`);
  }
}

/** What a sweep knows apart from the services' lists. */
interface Known {
  readonly nowMs: number;
  /** True if the row's service reports when its keys were used. */
  readonly tellsUse: (row: InventoryRow) => boolean;
  /** True if the row's service keeps the record of an ended key until somebody removes it. */
  readonly keepsEnded: (row: InventoryRow) => boolean;
}

/** Decides about each living key and account that no state names. */
export function judgeAll(
  rows: readonly InventoryRow[],
  options: Pick<SweepOptions, "used" | "minAge" | "ended">,
  known: Known,
): Verdict[] {
  return rows.flatMap((row) => {
    if (row.kind === "key" && isOver(row, known)) return options.ended ? judgeEnded(row, known) : [];
    return isLiving(row) ? judge(row, rows, options, known) : [];
  });
}

/** True if the key has ended: after its expiry, even a key that its service calls active does not work. */
function isOver(row: InventoryRow, { nowMs, keepsEnded }: Known): boolean {
  if (row.status === "expired" || row.status === "revoked") return true;
  return row.status === "active" && row.endsAt !== undefined && Date.parse(row.endsAt) <= nowMs && keepsEnded(row);
}

/** An ended key gives no access, so its use does not matter. Its name must prove whose it is. */
function judgeEnded(row: InventoryRow, { keepsEnded }: Known): Verdict[] {
  return row.standing === "unknown" && keepsEnded(row) ? [{ row, ended: true }] : [];
}

function judge(
  row: InventoryRow,
  rows: readonly InventoryRow[],
  options: Pick<SweepOptions, "used" | "minAge">,
  { nowMs, tellsUse }: Known,
): Verdict[] {
  if (row.standing === "unproven")
    return [
      {
        row,
        kept: "its name has the form of version 0.1, which does not prove whose it is: revoke it by hand if it is yours",
      },
    ];
  if (row.standing !== "unknown") return [];
  const madeMs = row.createdAt === undefined ? undefined : Date.parse(row.createdAt);
  if (row.kind === "account") {
    const keys = rows.filter(
      ({ kind, service, accountId }) => kind === "key" && service === row.service && accountId === row.id,
    );
    if (keys.some(isLiving)) return [{ row, kept: "the account has living keys" }];
  }
  if (madeMs === undefined && options.minAge > 0)
    return [{ row, kept: "its service does not tell how old it is: pass --min-age 0s to revoke it anyway" }];
  if (madeMs !== undefined && Math.max(0, nowMs - madeMs) < options.minAge)
    return [{ row, kept: "it is younger than --min-age" }];
  if (row.lastUsedAt !== undefined && !options.used)
    return [{ row, kept: `it was used at ${row.lastUsedAt}: pass --used to revoke it anyway` }];
  if (row.kind === "key" && !options.used && !tellsUse(row))
    return [{ row, kept: "its service does not tell whether it was used: pass --used to revoke it anyway" }];
  return [{ row }];
}

/** The connections of a state, made once for all of its rows. */
function connectionsOnce(env: NodeJS.ProcessEnv): (state: RecordedStack) => Connections {
  const known = new Map<RecordedStack, Connections>();
  return (state) => {
    const connections = known.get(state) ?? connectionsOf(state, env);
    known.set(state, connections);
    return connections;
  };
}

/**
 * The connections of a state that lead to the place where the row was found. Two states may use one name for two services,
 * or for the credentials of two owners of one service.
 */
function connectionsTo(
  row: InventoryRow,
  states: readonly RecordedStack[],
  connectionsFor: (state: RecordedStack) => Connections,
): Connections | undefined {
  for (const state of states) {
    try {
      const connections = connectionsFor(state);
      if (placeOfConnection(connections.describe(row.connection)) === row.place) return connections;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
    }
  }
  return undefined;
}

/** Keeps what a state names after all: it was recorded meanwhile, or its service has another address in that state. */
export function keptByState<Judged extends Pick<Verdict, "row">>(
  verdict: Judged,
  states: readonly RecordedStack[],
): Judged & Pick<Verdict, "kept"> {
  const { row } = verdict;
  const recorded = states.flatMap(({ keys }) => keys).filter(({ kind }) => kind === row.kind);
  if (recorded.some(({ service, id }) => service === row.service && id === row.id))
    return { ...verdict, kept: "a state names it now" };
  const moved = recorded.find(
    ({ service, physicalName = "" }) => service !== row.service && usualNames.sameMarker(physicalName, row.name),
  );
  return moved
    ? { ...verdict, kept: `a state names it as a ${row.kind} of ${moved.service}: has that service moved?` }
    : verdict;
}

/** Revokes what no verdict keeps. @returns what could not be revoked, in sentences */
async function revoke(
  verdicts: readonly Verdict[],
  states: readonly RecordedStack[],
  host: CommandHost,
): Promise<string[]> {
  const failures: string[] = [];
  const progress = progressOf(host);
  const connectionsFor = connectionsOnce(host.env);
  // Keys first, so that no account is deleted while it still has keys.
  const due = verdicts
    .filter(({ kept }) => kept === undefined)
    .sort((a, b) => (a.row.kind === b.row.kind ? 0 : a.row.kind === "key" ? -1 : 1));
  for (const [index, verdict] of due.entries()) {
    const { row } = verdict;
    progress.tell(`revoking ${index + 1} of ${due.length}`);
    try {
      if (!states.some(({ stack }) => stack === row.stack))
        throw new ProviderError(`the state of ${row.stack}, which proves whose it is, no longer exists.`);
      const connections = connectionsTo(row, states, connectionsFor);
      if (!connections)
        throw new ProviderError(`the connection "${row.connection}" no longer leads to ${row.service}.`);
      await sweepRow(connections.openForWrite(row.connection), verdict, host.env);
    } catch (error) {
      failures.push(`${labelOf(row)} could not be revoked: ${wordsOf(error)}`);
    }
  }
  progress.end();
  return failures;
}

/**
 * Revokes the key or deletes the account of a row. To remove the record of an ended key, reads the key once more: the
 * list is older, and somebody may have postponed the expiry since.
 *
 * @throws ProviderError - it has not ended, or the connection runs on it
 */
export async function sweepRow(
  connection: WritableConnection,
  { row, ended }: Pick<Verdict, "row" | "ended">,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const { kind, id, name, accountId } = row;
  if (kind === "account") {
    await refuseOwnAccount(connection, id);
    return deleteAccount(connection, id);
  }
  if (await isOwnKey(connection, { id }))
    throw new ProviderError(
      `it is the credential that the connection "${connection.name}" itself runs on: give the connection another one, and run again.`,
    );
  if (!ended && (await mayBeOwnKey(connection, row, decisionTime(env))))
    throw new ProviderError(
      `it may be the credential that the connection "${connection.name}" itself runs on, which its service does not tell: if it is another key, revoke it on the service.`,
    );
  const ref = defined({ id, name, serviceAccountId: accountId });
  const key = ended && (await connection.client.getKey(ref));
  if (key) {
    const nowMs = decisionTime(env);
    // Both clocks must agree that it has ended, because one of them may be wrong.
    const serviceMs = clockIsSet(env) ? undefined : connection.clock?.nowMs();
    const status = statusOf(key, Math.min(nowMs, serviceMs ?? nowMs));
    if (status === "active" || status === "disabled")
      throw new ProviderError(
        `it has not ended: its service shows it as ${status}${key.expiresAt === undefined ? "" : `, with the end ${key.expiresAt}`}, by its own clock.`,
      );
  }
  await revokeKey(connection, ref);
}

/** Reads the account's keys again, because one may have been made since. A list that the service refuses proves nothing. */
async function deleteAccount({ client, capabilities }: WritableConnection, id: string): Promise<void> {
  if (capabilities.parent === "serviceAccount") {
    const keys = await client.listKeys({ serviceAccountId: id });
    if (!keys) throw new ProviderError("its service does not show its keys, which would end with it.");
    if (keys.some(mayLive)) throw new ProviderError("it has living keys now, which would end with it.");
  }
  if ((await client.deleteServiceAccount?.(id)) !== "deleted")
    throw new ProviderError("the service says that it does not exist, although it lists it.");
}

function words(verdicts: readonly Verdict[], swept: boolean, failures: readonly string[]): string {
  const lines = verdicts.map(({ row, kept, ended }) => {
    const done = ended ? "removed: its time was over" : "revoked";
    const what = kept === undefined ? (swept ? done : `would be ${done}`) : `left alone: ${kept}`;
    return `${labelOf(row)}: ${failures.some((failure) => failure.startsWith(labelOf(row))) ? "NOT revoked" : what}`;
  });
  if (lines.length === 0) return "Nothing to sweep: every key of these stacks is in a state.\n";
  const hint =
    !swept && verdicts.some(({ kept }) => kept === undefined)
      ? ["", "Nothing was changed. Run again with --yes to revoke."]
      : [];
  return `${[...lines, ...failures, ...hint].join("\n")}\n`;
}

function shown({ row, ...rest }: Verdict): Verdict {
  return { row: presented(row), ...rest };
}

function labelOf(row: InventoryRow): string {
  const { kind, id, name, connection, stack } = presented(row);
  return `${kind} ${inert(id)} (${inert(name)}) on ${inert(connection)}, asked for by ${inert(stack ?? "?")}`;
}

function parseAge(text: string): number {
  const ms = parseDuration(text);
  if (typeof ms !== "number")
    throw new InvalidArgumentError("Write a whole number and a unit: 0s, 15m, 24h, 7d or 12w.");
  return ms;
}
