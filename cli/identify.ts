import type { Command } from "commander";
import { candidatesIn } from "../inventory/candidates";
import { type Identified, identify } from "../inventory/identify";
import { decisionTime } from "../provider/clock";
import { wordsOf } from "../provider/errors";
import { exitCodes, gravestExit } from "../review/exit-code";
import { inert } from "../review/inert";
import { nameOf } from "../review/urn";
import { type CommandHost, processHost, runs } from "./command";
import { addStatesOptions, readStates, type StatesOptions } from "./many-states";
import { connectionsOf } from "./service-connections";
import type { RecordedStack } from "../inventory/recorded";

interface IdentifyOptions extends StatesOptions {
  readonly ask: boolean;
  readonly json: boolean;
}

/** `apikeys identify`: tells whose key a leaked secret is. */
export function addIdentifyCommand(program: Command, host: CommandHost = processHost): void {
  const command = addStatesOptions(
    program
      .command("identify")
      .description(
        "Reads leaked secrets, or a scanner's report, from standard input and says whose they are and how to end them. Never prints, stores or sends them.",
      )
      .option("--ask", "ask the service's own list whether the key still lives (never by using it)", false)
      .option("--json", "print JSON", false),
  ).addHelpText(
    "after",
    "\nExit codes: 0 no key of these stacks; 2 bad flags; 7 at least one is ours; 10 a service could not be asked.",
  );
  runs(command, host, async (options: IdentifyOptions) => {
    const states = await readStates(options, host);
    const candidates = candidatesIn(host.stdin("the secrets to look for, one per line,"));
    const found = identify(candidates, states, decisionTime(host.env));
    const asked = options.ask ? await Promise.all(found.map((each) => ask(each, states, host.env))) : [];
    if (options.json)
      host.stdout(
        `${JSON.stringify({ candidates: candidates.length, found: found.map((each, index) => ({ ...each, ...asked[index] })) }, null, 2)}\n`,
      );
    else host.stdout(words(found, asked, candidates.length));
    return gravestExit([
      found.length > 0 ? exitCodes.somethingDue : exitCodes.fine,
      asked.some(({ problem }) => problem !== undefined) ? exitCodes.cannotBeTold : exitCodes.fine,
    ]);
  });
}

interface Asked {
  /** What the service's list says about the key. */
  readonly onService?: string;
  readonly lastUsedAt?: string;
  readonly problem?: string;
}

async function ask({ key }: Identified, states: readonly RecordedStack[], env: NodeJS.ProcessEnv): Promise<Asked> {
  const state = states.find(({ stack }) => stack === key.stack);
  if (!state) return {};
  try {
    const { client } = connectionsOf(state, env).open(key.connection);
    const keys = await client.listKeys(key.accountId === undefined ? {} : { serviceAccountId: key.accountId });
    const listed = keys?.find(({ id }) => id === key.id);
    return listed
      ? { onService: listed.status, ...(listed.lastUsedAt === undefined ? {} : { lastUsedAt: listed.lastUsedAt }) }
      : { onService: "missing" };
  } catch (error) {
    return { problem: wordsOf(error) };
  }
}

function words(found: readonly Identified[], asked: readonly Asked[], candidates: number): string {
  if (found.length === 0)
    return `None of ${candidates} candidate${candidates === 1 ? "" : "s"} is a key of these states. A secret that its user chose has no fingerprint, and is not found.\n`;
  const blocks = found.map(({ key, line, lives, remedy }, index) => {
    const { onService, lastUsedAt, problem } = asked[index] ?? {};
    const facts: [string, string | undefined][] = [
      ["stack", key.stack],
      ["resource", `${key.type} "${key.resource}"`],
      ["generation", key.generation],
      ["connection", `${key.connection} (${key.service})`],
      ["key id", key.id],
      ["account", key.accountId],
      ["scopes", key.scopes?.join(" ")],
      ["owner", key.owner],
      ["used by", key.consumers.map(nameOf).join(", ") || undefined],
      ["lives", lives],
      [
        "on the service",
        problem === undefined
          ? onService && `${onService}${lastUsedAt === undefined ? "" : `, last used ${lastUsedAt}`}`
          : `unknown: ${problem}`,
      ],
      ["to end it", remedy],
    ];
    const told = facts.filter((fact): fact is [string, string] => fact[1] !== undefined);
    return [
      `Line ${line} is a key of ours:`,
      ...told.map(([name, value]) => `  ${`${name}:`.padEnd(16)}${inert(value, 400)}`),
    ].join("\n");
  });
  return `${blocks.join("\n\n")}\n`;
}
