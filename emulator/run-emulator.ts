import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";
import { CONTROL_PATH, control } from "./control/control";
import { page } from "./control/page";
import type { EmulatedService, PreparedService, Tokens } from "./emulated-service";
import { Faults } from "./http/faults";
import { emulatorServer } from "./http/http-server";
import { loopbackGuard } from "./http/loopback-guard";
import { RateLimiter, type RateLimit } from "./http/rate-limit";
import { requestLog } from "./http/request-log";
import { openData } from "./store/open-data";

export interface RunOptions<Name extends string = string> {
  /**
   * Port on 127.0.0.1; 0 picks a free one.
   * @default 0
   */
  readonly port?: number | undefined;
  /**
   * Keeps keys, accounts, clock and admin tokens across restarts. The file contains issued keys as SHA-256 hashes and
   * the announced tokens in clear, so it is written with mode 0600. One emulator per file.
   * @default everything is in memory
   */
  readonly dataFile?: string | undefined;
  /**
   * Reports every request on standard error.
   * @default false
   */
  readonly verbose?: boolean | undefined;
  /**
   * Rate limits other than the documented ones; `null` lifts one.
   * @default the vendors' numbers
   */
  readonly limits?: Partial<Readonly<Record<Name, RateLimit | null>>> | undefined;
}

/** Services by name. Each decides what it announces. */
export type ServiceSet = Readonly<Record<string, EmulatedService>>;
export type AnnouncedTokens<Set extends ServiceSet> = {
  readonly [Name in keyof Set]: ReturnType<Set[Name]["newTokens"]>;
};

export interface Running<Set extends ServiceSet> {
  readonly url: string;
  readonly services: { readonly [Name in keyof Set]: { readonly url: string } & AnnouncedTokens<Set>[Name] };
  /** The root of the control API. */
  readonly controlUrl: string;
  close(): Promise<void>;
}

/** Starts these services on loopback. */
export async function runEmulator<Set extends ServiceSet>(
  services: Set,
  options: RunOptions<keyof Set & string> = {},
): Promise<Running<Set>> {
  const report = options.verbose ? (line: string) => void process.stderr.write(`${line}\n`) : undefined;
  const limits: Readonly<Record<string, RateLimit | null | undefined>> = options.limits ?? {};
  const parts = Object.entries(services).map(([name, service]) => {
    const prepared: PreparedService = service.prepare();
    return { name, service, prepared, limiter: new RateLimiter(service.limit, limits[name]) };
  });
  const data = openData({
    dataFile: options.dataFile,
    services: byName(parts, ({ service, prepared: { records } }) => ({
      listsRevokedKeys: service.listsRevokedKeys,
      ...(records ? { records } : {}),
    })),
    newTokens: byName(
      parts,
      ({ service }) =>
        () =>
          service.newTokens(),
    ),
    report,
  });
  const { store, credentials } = data;
  const nowMs = () => Date.now() + store.clockOffsetMs;
  const world = { store, nowMs };
  const faults = new Faults();
  const log = requestLog();
  const emulator = emulatorServer({
    services: parts.map(({ name, prepared, limiter }) =>
      prepared.start({ world, tokens: credentials[name] as Tokens, limiter }),
    ),
    control: control({
      world,
      services: byName(parts, (part) => {
        return { limiter: part.limiter, keysExpire: part.service.keysExpire, control: part.prepared.control };
      }),
      faults,
      log,
    }),
    page: () => page(parts.map(({ name, service }) => ({ name, url: addressOf(emulator.server) + service.basePath }))),
    faults,
    log,
    nowMs,
    report,
  });
  try {
    emulator.server.listen(options.port ?? 0, "127.0.0.1");
    await once(emulator.server, "listening");
  } catch (error) {
    data.close();
    throw error;
  }
  const url = addressOf(emulator.server);
  emulator.guard = loopbackGuard(portOf(emulator.server));
  let closing: Promise<void> | undefined;
  return {
    url,
    services: byName(parts, ({ name, service }) => {
      return { url: url + service.basePath, ...credentials[name] };
    }) as Running<Set>["services"],
    controlUrl: url + CONTROL_PATH,
    close: () => (closing ??= emulator.close().then(() => data.close())),
  };
}

function addressOf(server: Server): string {
  return `http://127.0.0.1:${portOf(server)}`;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function byName<Part extends { readonly name: string }, Value>(
  parts: readonly Part[],
  valueOf: (part: Part) => Value,
): Record<string, Value> {
  return Object.fromEntries(parts.map((part) => [part.name, valueOf(part)]));
}
