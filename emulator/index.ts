import { once } from "node:events";
import { existsSync, mkdirSync, realpathSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { dirname, resolve } from "node:path";
import { CONTROL_PATH, control } from "./control";
import { mintCredentials, type Credentials } from "./credentials";
import { lockDataFile } from "./data-lock";
import { Faults } from "./faults";
import { emulatorServer } from "./http-server";
import { Journal } from "./journal";
import { loopbackGuard } from "./loopback-guard";
import { novavms } from "./novavms";
import { pulseapi } from "./pulseapi";
import { pulsely } from "./pulsely";
import { RateLimiter, type RateLimit } from "./rate-limit";
import { requestLog } from "./request-log";
import type { ServiceName } from "./service-names";
import { Store } from "./store";

export type { Credentials } from "./credentials";
export type { RateLimit } from "./rate-limit";
export { SERVICE_NAMES, type ServiceName } from "./service-names";

export interface EmulatorOptions {
  /**
   * Port on 127.0.0.1; 0 takes a free one.
   * @default 0
   */
  readonly port?: number | undefined;
  /**
   * Keeps keys, accounts, clock and admin tokens over restarts. Issued keys stand in it as SHA-256
   * hashes; the announced tokens stand in clear, so it is written with mode 0600. One emulator per file.
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
  readonly limits?: Partial<Readonly<Record<ServiceName, RateLimit | null>>> | undefined;
}

/** Where each service is, and the credentials that exist before any key is issued. */
export type AnnouncedServices = { readonly [Name in ServiceName]: { readonly url: string } & Credentials[Name] };

export interface RunningEmulator {
  readonly url: string;
  readonly services: AnnouncedServices;
  /** The root of the control API. */
  readonly controlUrl: string;
  close(): Promise<void>;
}

const DOCUMENTED_LIMITS: Readonly<Record<ServiceName, RateLimit>> = {
  pulsely: { perMinute: 60 },
  novavms: { perMinute: 1000, burst: 100 },
  // The vendor names the headers and no number.
  pulseapi: { perMinute: 1000 },
};
/** How much of what only "last used" and the audit log know may be lost when the process is killed. */
const FLUSH_EVERY_MS = 1_000;

/** Starts pulsely, novavms and pulseapi on loopback. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<RunningEmulator> {
  const report = options.verbose ? (line: string) => void process.stderr.write(`${line}\n`) : undefined;
  const data = openData(options.dataFile, report);
  const { store, credentials } = data;
  const nowMs = () => Date.now() + store.clockOffsetMs;
  const world = { store, nowMs };
  const limiter = (name: ServiceName) => new RateLimiter(DOCUMENTED_LIMITS[name], options.limits?.[name]);
  const limiters = { pulsely: limiter("pulsely"), novavms: limiter("novavms"), pulseapi: limiter("pulseapi") };
  const services = {
    pulsely: pulsely(world, credentials.pulsely, limiters.pulsely),
    novavms: novavms(world, credentials.novavms, limiters.novavms),
    pulseapi: pulseapi(world, credentials.pulseapi, limiters.pulseapi),
  };
  const faults = new Faults();
  const log = requestLog();
  const emulator = emulatorServer({
    services: Object.values(services),
    control: control({ world, limiters, faults, log }),
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
  const { port } = emulator.server.address() as AddressInfo;
  emulator.guard = loopbackGuard(port);
  const url = `http://127.0.0.1:${port}`;
  let closing: Promise<void> | undefined;
  return {
    url,
    services: {
      pulsely: { url: url + services.pulsely.basePath, ...credentials.pulsely },
      novavms: { url: url + services.novavms.basePath, ...credentials.novavms },
      pulseapi: { url: url + services.pulseapi.basePath, ...credentials.pulseapi },
    },
    controlUrl: url + CONTROL_PATH,
    close: () => (closing ??= emulator.close().then(() => data.close())),
  };
}

/** The first line of `apikeys emulator`: one JSON object, for scripts to read. */
export function announcement({ url, services }: RunningEmulator): string {
  return JSON.stringify({ url, services });
}

interface Data {
  readonly store: Store;
  readonly credentials: Credentials;
  close(): void;
}

function openData(dataFile: string | undefined, report?: (line: string) => void): Data {
  const store = new Store();
  if (dataFile === undefined) return { store, credentials: mintCredentials(), close: () => undefined };
  mkdirSync(dirname(resolve(dataFile)), { recursive: true });
  // Compaction replaces the file: through a link it would replace the link.
  const file = existsSync(dataFile) ? realpathSync(dataFile) : resolve(dataFile);
  const unlock = lockDataFile(file);
  try {
    store.replay(Journal.read(file));
    const credentials = (store.credentials ??= mintCredentials());
    const journal = Journal.create(file, store.snapshot());
    store.writeTo(journal);
    const flushing = setInterval(() => {
      try {
        store.flush();
        store.shortenJournal();
      } catch (error) {
        // A full disk: what could not be written is still in memory, and tried again.
        report?.(`cannot write ${file}: ${String(error)}`);
      }
    }, FLUSH_EVERY_MS);
    flushing.unref();
    return {
      store,
      credentials,
      close() {
        clearInterval(flushing);
        store.flush();
        journal.close();
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}
