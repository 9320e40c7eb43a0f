import { type Command, Option } from "commander";
import { classify, type InventoryRow, type Listing, type Standing, standings } from "../inventory/classify";
import { listService } from "../inventory/list-service";
import type { RecordedKey, RecordedStack } from "../inventory/recorded";
import type { ConnectionFacts } from "../provider/connections/connections";
import { ConfigError, wordsOf } from "../provider/errors";
import { exitCodes, gravestExit } from "../review/exit-code";
import { jsonOption, type CommandHost, processHost, runs } from "./command";
import { addStatesOptions, readStates, type StatesOptions } from "./many-states";
import { presented } from "./presented-row";
import { progressOf } from "./progress";
import { connectionNames, connectionsOf } from "./service-connections";
import { textTable } from "./text-table";

interface InventoryOptions extends StatesOptions {
  readonly connection?: readonly string[];
  readonly ended: boolean;
  readonly format: "table" | "json" | "csv";
}

/** The result of an inventory, and what it could not look at. */
export interface Inventory {
  readonly rows: readonly InventoryRow[];
  readonly problems: readonly string[];
}

/**
 * What a connection shows. One address may serve several owners who see only their own keys, so the place of the
 * credential is part of it.
 */
export function placeOfConnection({ backend, origin, name, credential }: ConnectionFacts): string {
  const isByName = credential === undefined || credential === "encrypted config";
  return JSON.stringify([backend, origin, credential, isByName ? name : ""]);
}

/** `apikeys inventory`: lists every key and account of the services, and compares them with the states. */
export function addInventoryCommand(program: Command, host: CommandHost = processHost): void {
  const command = addStatesOptions(
    program
      .command("inventory")
      .description(
        "Compares what the services have with what the states name: recorded, unknown, other stacks', hand-made. Uses the connections' credentials, and only reads.",
      )
      .option("--connection <name...>", "look at these connections (default: all that the states use)")
      .option("--ended", "show revoked and expired keys as well", false)
      .addOption(new Option("--format <form>", "how to print").choices(["table", "json", "csv"]).default("table"))
      .addOption(jsonOption()),
  ).addHelpText(
    "after",
    "\nExit codes: 0 all is known; 2 bad flags; 7 something of ours is unknown; 10 a service could not be read.",
  );
  runs(command, host, async (options: InventoryOptions) => {
    const states = await readStates(options, host);
    const { rows, problems } = await takeInventory(states, options.connection, host);
    const shown = (options.ended ? rows : rows.filter(isLiving)).map(presented);
    host.stdout(print(shown, problems, options.format));
    for (const problem of problems) host.stderr(`apikeys inventory: ${problem}\n`);
    if (connectionNames(states, options.connection).length === 0) host.stderr(`apikeys inventory: ${nobodyAsked}\n`);
    return gravestExit([
      shown.some(({ standing }) => standing === "unknown" || standing === "unproven")
        ? exitCodes.somethingDue
        : exitCodes.fine,
      problems.length > 0 ? exitCodes.cannotBeTold : exitCodes.fine,
    ]);
  });
}

const nobodyAsked =
  "no state here has a key or an account, so no service was asked. Run `pulumi up` first, or name a connection with --connection and give it in the environment variable APIKEYS_CONNECTIONS.";

/** Asks every service once. A failing service is reported and does not stop the others. */
export async function takeInventory(
  states: readonly RecordedStack[],
  wanted: readonly string[] | undefined,
  { env, status }: Pick<CommandHost, "env" | "status">,
): Promise<Inventory> {
  const progress = progressOf({ status });
  const listings: Listing[] = [];
  const problems: string[] = [];
  const places = new Map<string, Listing | undefined>();
  for (const [stack, name] of connectionNames(states, wanted)) {
    try {
      const connections = connectionsOf(stack, env);
      // Two stacks, or two connections, may lead to the same keys.
      const place = placeOfConnection(connections.describe(name));
      if (places.has(place)) continue;
      places.set(place, undefined);
      const listing = { ...(await listService(connections, name, progress.tell)), place };
      places.set(place, listing);
      listings.push(listing);
    } catch (error) {
      const subject = `connection "${name}"`;
      const words = wordsOf(error);
      // Many reasons already name the connection.
      const reason = words.startsWith(`${subject}: `) ? words.slice(subject.length + 2) : words;
      problems.push(`${subject} could not be read: ${reason}`);
    }
  }
  progress.end();
  return { rows: classify(states, listings, keysListed(states, places, env)), problems };
}

/** True for recorded keys of connections that were listed: if such a key is not in the list, it is missing. */
function keysListed(
  states: readonly RecordedStack[],
  places: ReadonlyMap<string, Listing | undefined>,
  env: NodeJS.ProcessEnv,
): (key: RecordedKey) => boolean {
  const listed = new Set<RecordedKey>();
  for (const state of states) {
    const listings = new Map<string, Listing | undefined>();
    for (const key of state.keys) {
      if (!listings.has(key.connection)) listings.set(key.connection, places.get(placeIn(state, key.connection, env)));
      if (listings.get(key.connection)?.service === key.service) listed.add(key);
    }
  }
  return (key) => listed.has(key);
}

function placeIn(state: RecordedStack, name: string, env: NodeJS.ProcessEnv): string {
  try {
    return placeOfConnection(connectionsOf(state, env).describe(name));
  } catch (error) {
    // The listing has already reported this connection's failure.
    if (error instanceof ConfigError) return "";
    throw error;
  }
}

/** True unless the key has ended, so that nobody can use it. */
export function isLiving({ status, standing }: InventoryRow): boolean {
  return standing === "missing" || status === "active" || status === "disabled";
}

const titles: Readonly<Record<Standing, string>> = {
  unknown: "UNKNOWN",
  unproven: "unproven",
  missing: "MISSING",
  recorded: "recorded",
  "other-stack": "other stack",
  "hand-made": "hand-made",
};

const columns: readonly (readonly [heading: string, field: keyof InventoryRow])[] = [
  ["KIND", "kind"],
  ["CONNECTION", "connection"],
  ["ID", "id"],
  ["NAME", "name"],
  ["STATUS", "status"],
  ["ACCOUNT", "accountId"],
  ["SCOPES", "scopes"],
  ["MADE", "createdAt"],
  ["LAST USED", "lastUsedAt"],
  ["ENDS", "endsAt"],
  ["STACK", "stack"],
  ["RESOURCE", "resource"],
  ["GENERATION", "generation"],
  ["OWNER", "owner"],
];

function print(rows: readonly InventoryRow[], problems: readonly string[], format: InventoryOptions["format"]): string {
  if (format === "json") return `${JSON.stringify({ rows, problems }, null, 2)}\n`;
  const cells = (row: InventoryRow) => columns.map(([, field]) => textOf(row[field]));
  if (format === "csv") {
    const lines = [
      ["standing", ...columns.map(([, field]) => field)],
      ...rows.map((row) => [row.standing, ...cells(row)]),
    ];
    return lines.map((line) => `${line.map(csvCell).join(",")}\r\n`).join("");
  }
  if (rows.length === 0) return "No keys and no accounts.\n";
  const table = textTable(
    ["STANDING", ...columns.map(([heading]) => heading)],
    rows.map((row) => [titles[row.standing], ...cells(row)]),
  );
  return `${table}\n${summary(rows)}\n`;
}

function summary(rows: readonly InventoryRow[]): string {
  const counts = standings.map(
    (standing) => [standing, rows.filter((row) => row.standing === standing).length] as const,
  );
  const words = counts.filter(([, count]) => count > 0).map(([standing, count]) => `${count} ${titles[standing]}`);
  return `${rows.length === 1 ? "1 entry" : `${rows.length} entries`}: ${words.join(", ")}.`;
}

function textOf(value: InventoryRow[keyof InventoryRow]): string {
  return typeof value === "string" ? value : (value ?? []).join(" ");
}

/** A cell that a spreadsheet shows as text. Names are foreign, and could be formulas. */
function csvCell(text: string): string {
  const inertText = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(inertText) ? `"${inertText.replaceAll('"', '""')}"` : inertText;
}
