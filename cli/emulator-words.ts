/** What `apikeys emulator` prints once it runs. */
import type { AnnouncedServices } from "../emulator";

/** The environment variables that the examples' connections read, by service. */
const titles: Readonly<Record<keyof AnnouncedServices, string>> = {
  pulsely: "Pulsely",
  novavms: "NovaVMS",
  pulseapi: "PulseAPI",
};
type Name = keyof typeof titles;
const names = Object.keys(titles) as readonly Name[];

interface Announced {
  readonly url: string;
  readonly services: Readonly<Record<Name, { readonly url: string; readonly adminToken: string }>>;
}

/** For a person at a terminal: the URLs, and the lines to run in the program's terminal. */
export function emulatorForPeople({ url, services }: Announced): string {
  const width = Math.max(...names.map((name) => titles[name].length));
  return [
    `The emulator runs on ${url} until Ctrl-C. Open that address in a browser to see what it does.`,
    "",
    ...names.map((name) => `  ${titles[name].padEnd(width)}  ${services[name].url}`),
    "",
    "In the terminal of your program:",
    "",
    ...tokenLines(services).map((line) => `  ${line}`),
    "",
  ].join("\n");
}

/** For `eval`: the tokens, the URL, and how to stop the emulator. */
export function emulatorForShell({ url, services }: Announced, pid: number): string {
  return [
    ...tokenLines(services),
    `export APIKEYS_EMULATOR_URL=${url}`,
    `export APIKEYS_EMULATOR_PID=${pid}`,
    `# The emulator runs in the background; kill $APIKEYS_EMULATOR_PID stops it.`,
    "",
  ].join("\n");
}

function tokenLines(services: Announced["services"]): string[] {
  return names.map((name) => `export ${name.toUpperCase()}_ADMIN_TOKEN=${shellWord(services[name].adminToken)}`);
}

/** PulseAPI's tokens contain a bar, which a shell would read as a pipe. */
function shellWord(text: string): string {
  return /^[\w-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
