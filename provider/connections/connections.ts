/** The connections of one stack: what can be known of each (facts), and the clients that call their services. */
import type {
  AskedAccount,
  AskedKey,
  BackendClient,
  Capabilities,
  InputProblem,
  ReadingClient,
} from "../backends/definition";
import { clockIsSet } from "../clock";
import { ConfigError } from "../errors";
import { isLoopback } from "../http/network";
import type { ServiceClock } from "../http/service-clock";
import type { ScopeCatalogue } from "../scopes";
import type { DeclaredOptions } from "../vendors/options";
import { loadBackend } from "./backend-loading";
import type { Step } from "./client-steps";
import type { RawConfig } from "./connection-settings";
import { guarding } from "./guarded-client";
import { type Opened, openConnection } from "./open-connection";
import type { OwnCredential, Replacements } from "./own-credential";
import { prepareConnection, type Prepared } from "./prepared-connection";

/** What `check` and `diff` may know of a connection. None of it needs a credential or the network. */
export interface ConnectionFacts {
  readonly name: string;
  readonly backend: string;
  /** Scheme, host and port. If several services share them, also the path that identifies this one. */
  readonly origin: string;
  readonly capabilities: Capabilities;
  readonly catalogue?: ScopeCatalogue;
  /** The inputs that only keys of this vendor have. */
  readonly keyOptions?: DeclaredOptions;
  /** The inputs that only its service accounts have. */
  readonly accountOptions?: DeclaredOptions;
  /** What counts as gone without proof: account ids, or the connection's own origin. */
  readonly assumeGone: readonly string[];
  /** Earlier origins of the same service. */
  readonly movedFrom: readonly string[];
  /** The same, with the paths as the settings have them. */
  readonly movedFromAddresses: readonly string[];
  /** The source of the admin credential, in a few words and without reading it. */
  readonly credential?: string;
  /** The path on that host if it is not the backend's default, and the certificates that the connection trusts. */
  readonly route?: string;
  /** The backend's own checks of a key. */
  readonly validateKey?: (asked: AskedKey) => readonly InputProblem[];
  /** The backend's own checks of an account. */
  readonly validateAccount?: (asked: AskedAccount) => readonly InputProblem[];
}

/** What an open connection knows and does, whether it may write or not. */
interface OpenConnection extends ConnectionFacts {
  /** Known after the first answer of the service. */
  readonly clock?: ServiceClock;
  /** The credential that the connection runs on. */
  readonly own?: OwnCredential;
  /** Waits for the answer to a shared call: see {@link Pace.joins}. */
  readonly joins?: <Answer>(answer: Promise<Answer>) => Promise<Answer>;
}

/** A connection that can read but change nothing. */
export interface Connection extends OpenConnection {
  readonly client: ReadingClient;
}

/** A connection that may change its service. */
export interface WritableConnection extends OpenConnection {
  readonly client: BackendClient;
}

/** All connections of one stack. Settings are read when they are needed, and credentials at each call. */
export interface Connections {
  /** @throws ConfigError - the connection, its backend or its settings are missing or wrong. */
  describe(name: string): ConnectionFacts;
  /** Opens for reading. The credential is read when a request needs it. */
  open(name: string): Connection;
  /** Opens for a refresh: simultaneous reads share the service's answers. Nothing else may use it. */
  openForRefresh(name: string): Connection;
  /**
   * Opens for reading and writing.
   *
   * @throws ConfigError - this connection may not write: its vendor documents no such calls, or the clock is set.
   */
  openForWrite(name: string): WritableConnection;
}

/** What connections get from outside; tests replace it. */
interface Surroundings {
  /** The folder that a backend's path is relative to. Default: the working directory. */
  readonly programDir?: string;
  readonly load?: typeof loadBackend;
  readonly guard?: Step;
  /** Tells the user what a run waits for. Left out: says nothing. */
  readonly tell?: (message: string, passing: boolean) => void;
  /** Default: those of this process. */
  readonly replaced?: Replacements;
}

/** Reads `apikeys:connections`, `apikeys:tokens` and the environment's `APIKEYS_CONNECTIONS`. */
export function createConnections(
  config: RawConfig,
  env: NodeJS.ProcessEnv = process.env,
  { programDir = process.cwd(), load = loadBackend, guard = guarding, tell, replaced }: Surroundings = {},
): Connections {
  const prepared = new Map<string, Prepared>();
  const opened = new Map<string, Opened>();
  const prepare = (name: string) =>
    remember(prepared, name, () => prepareConnection(name, { config, env, programDir, load }));
  const open = (name: string) =>
    remember(opened, name, () => openConnection(prepare(name), { config, env, guard, tell, replaced }));
  return {
    describe: (name) => prepare(name).facts,
    open: (name) => open(name).readable,
    openForRefresh: (name) => open(name).refreshing,
    openForWrite: (name) => {
      const { writable } = open(name);
      assertMayWrite(prepare(name), env);
      return writable;
    },
  };
}

/** One result per name; a failure is not kept, so the next call reads the configuration again. */
function remember<T>(known: Map<string, T>, name: string, make: () => T): T {
  const present = known.get(name);
  if (present !== undefined) return present;
  const made = make();
  known.set(name, made);
  return made;
}

/** Refuses before anything is sent, and says what to do. */
function assertMayWrite({ facts: { name }, backend, settings, url }: Prepared, env: NodeJS.ProcessEnv): void {
  if (backend.undocumentedWrites !== undefined && settings.allowUndocumentedEndpoints !== true) {
    throw new ConfigError(
      `connection "${name}": ${backend.undocumentedWrites}. Nothing was sent. Set allowUndocumentedEndpoints: true in the connection if your installation offers them.`,
    );
  }
  if (clockIsSet(env) && env.APIKEYS_NOW_WRITES !== "1" && !isLoopback(new URL(url))) {
    throw new ConfigError(
      `connection "${name}": APIKEYS_NOW is set, so the clock is not the real one, and ${new URL(url).origin} is not on this machine. Nothing was sent. Unset APIKEYS_NOW, or set APIKEYS_NOW_WRITES=1 if you mean it.`,
    );
  }
}
