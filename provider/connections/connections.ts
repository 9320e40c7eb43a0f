/** From the settings of a connection to what can be known of it (facts) and to a client that calls its service. */
import { checkClient } from "../backends/check-client";
import { checkedClient } from "./checked-client";
import {
  type Adaptation,
  type AskedAccount,
  type AskedKey,
  type Backend,
  type BackendClient,
  type Capabilities,
  type InputProblem,
  type ReadingClient,
  readingMethods,
} from "../backends/definition";
import { loadBackend } from "./backend-loading";
import { clockIsSet } from "../clock";
import {
  credentialSource,
  originOf,
  placeOfCredential,
  routeOf,
  type RawConfig,
  readCapabilities,
  readCatalogue,
  readOptions,
  readSettings,
  readTiming,
  readTls,
  readUrl,
  type Settings,
  type Timing,
} from "./connection-settings";
import { type CredentialSource, readCredential } from "./credentials";
import { secondMs } from "../values/durations";
import { defined } from "../values/defined";
import { ConfigError } from "../errors";
import { guardClient } from "./guarded-client";
import { createHttpClient } from "../http/client";
import { realClock } from "../http/waiting";
import { isLoopback } from "../http/network";
import type { TlsFiles } from "../http/tls-files";
import { Pace } from "../http/pace";
import { AnswersClock, type ServiceClock } from "../http/service-clock";
import { redact } from "../secrets/redact";
import { OwnCredential, type Replacements } from "./own-credential";
import type { ScopeCatalogue } from "../scopes";
import type { DeclaredOptions } from "../vendors/options";
import { createSession } from "./session";
import { type SharedReads, shareReads } from "./shared-reads";
import { asThrown } from "../thrown";

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

/** An open connection knows its service's clock after the first answer. */
interface WithClock {
  readonly clock?: ServiceClock;
}

/** The credential that the connection runs on. */
interface WithCredential {
  readonly own?: OwnCredential;
}

/** Several keys may wait for one answer. */
interface WithSharing {
  /** Waits for the answer to a shared call: see {@link Pace.joins}. */
  readonly joins?: <Answer>(answer: Promise<Answer>) => Promise<Answer>;
}

/** A connection that can read but change nothing. */
export interface Connection extends ConnectionFacts, WithClock, WithCredential, WithSharing {
  readonly client: ReadingClient;
}

/** A connection that may change its service. */
export interface WritableConnection extends ConnectionFacts, WithClock, WithCredential, WithSharing {
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
  readonly guard?: typeof guardClient;
  /** Tells the user what a run waits for. Left out: says nothing. */
  readonly tell?: (message: string, passing: boolean) => void;
  /** Default: those of this process. */
  readonly replaced?: Replacements;
}

/** Reads `apikeys:connections`, `apikeys:tokens` and the environment's `APIKEYS_CONNECTIONS`. */
export function createConnections(
  config: RawConfig,
  env: NodeJS.ProcessEnv = process.env,
  { programDir = process.cwd(), load = loadBackend, guard = guardClient, tell, replaced }: Surroundings = {},
): Connections {
  const prepared = new Map<string, Prepared>();
  const opened = new Map<string, Opened>();

  function prepare(name: string): Prepared {
    const settings = readSettings(config, env, name);
    const backend = load(name, settings.backend, programDir);
    const options = readOptions(name, backend, settings);
    const adapted = backend.adapt?.(options);
    const url = readUrl(name, backend, settings);
    const timing = { ...readTiming(name, settings), tls: readTls(name, url, settings) };
    const own = { name: backend.name, capabilities: adapted?.capabilities ?? backend.capabilities };
    const capabilities = readCapabilities(name, own, settings);
    const known = adapted?.catalogue ?? backend.catalogue;
    const catalogue = readCatalogue(name, own, known, settings.extraScopes);
    const credential = placeOfCredential(settings);
    const route = routeOf(url, backend.defaultUrl, settings);
    const { validateKey, validateAccount } = backend;
    const made: Prepared = {
      backend,
      settings,
      options,
      url,
      timing,
      facts: {
        name,
        backend: backend.name,
        origin: new URL(url).origin + (adapted?.tenant ?? ""),
        capabilities,
        ...defined({ catalogue }),
        ...ownInputs(backend, adapted),
        ...(credential === undefined ? {} : { credential }),
        ...(route === undefined ? {} : { route }),
        ...(validateKey && { validateKey: (asked) => validateKey(asked, options) }),
        ...(validateAccount && { validateAccount: (asked) => validateAccount(asked, options) }),
        ...saidOfIt(name, settings, adapted?.tenant !== undefined),
      },
    };
    rehearse(made);
    return made;
  }

  function connect(name: string): Opened {
    const { backend, settings, options, url, timing, facts } = remember(prepared, name, prepare);
    const source = credentialSource(config, env, name, settings);
    const own = new OwnCredential({
      read: createTokenReader(name, source, env),
      ask: () => client.whoAmI?.(),
      isWhole: backend.authenticate === undefined,
      changed: () => session.forget(),
      replaced,
    });
    const token = () => own.token();
    const { authenticate } = backend;
    // A login is sent without the credential that it is about to obtain.
    const clock = new AnswersClock(() => realClock.nowMs());
    const pace = new Pace({
      connection: name,
      origin: new URL(url).origin,
      ...defined({ tell, maxRequestsPerMinute: settings.maxRequestsPerMinute }),
      retryBudgetMs: timing.retryBudgetMs,
    });
    const ownPath =
      backend.defaultUrl === undefined ? undefined : new URL(backend.defaultUrl).pathname.replace(/\/$/, "");
    const common = { url, ownPath, serviceClock: clock, pace, ...timing };
    const login = authenticate && (() => authenticate({ http: createHttpClient(common), options, token, url }));
    const session = createSession(token, login);
    const http = createHttpClient({ ...common, session });
    const client = guard(checkedClient(backend.connect({ http, options, token, url }), facts));
    const joins: WithSharing["joins"] = (answer) => pace.joins(answer);
    const opening = { ...facts, clock, own, joins };
    const readable = { ...opening, client: readingPart(client) };
    const shared = shareReads(readable.client, {
      listTellsAll: facts.capabilities.listTellsAll,
      nowMs: () => realClock.nowMs(),
      joins,
    });
    return {
      writable: { ...opening, client: endingSweeps(client, shared) },
      readable,
      refreshing: { ...readable, client: shared.client },
    };
  }

  return {
    describe: (name) => remember(prepared, name, prepare).facts,
    open: (name) => remember(opened, name, connect).readable,
    openForRefresh: (name) => remember(opened, name, connect).refreshing,
    openForWrite: (name) => {
      const { writable } = remember(opened, name, connect);
      assertMayWrite(remember(prepared, name, prepare), env);
      return writable;
    },
  };
}

/** The inputs that only this vendor has. */
function ownInputs(backend: Backend, adapted: Adaptation = {}): Pick<ConnectionFacts, "keyOptions" | "accountOptions"> {
  const { keyOptions = backend.keyOptions, accountOptions = backend.accountOptions } = adapted;
  return defined({ keyOptions, accountOptions });
}

/** One connection in its forms, over one session. */
interface Opened {
  readonly readable: Connection;
  readonly refreshing: Connection;
  readonly writable: WritableConnection;
}

/**
 * The settings about earlier addresses and about what is gone. `withPath`: services on that host differ by path.
 */
function saidOfIt(name: string, { assumeGone = [], movedFrom = [] }: Settings, withPath: boolean) {
  return {
    assumeGone,
    movedFrom: movedFrom.map((text) => originOf(name, "movedFrom", text, withPath)),
    movedFromAddresses: movedFrom.map((text) => originOf(name, "movedFrom", text, true)),
  };
}

interface Prepared {
  readonly backend: Backend;
  readonly settings: Settings;
  readonly options: unknown;
  readonly url: string;
  readonly timing: Timing & { readonly tls: TlsFiles | undefined };
  readonly facts: ConnectionFacts;
}

/**
 * Connects once without credential and network, so that a preview reports a missing method, before any key is at risk.
 */
function rehearse({ facts: { name, ...facts }, settings, backend, options, url }: Prepared): void {
  // Never settles: a rejection could go unhandled in a backend that sends a request as soon as it connects.
  const silence = () => new Promise<never>(() => undefined);
  try {
    checkClient(
      backend.name,
      facts.capabilities,
      backend.connect({ options, url, http: { request: silence }, token: silence }),
      facts,
    );
  } catch (error) {
    const thrown = asThrown(error);
    const words = redact(
      thrown instanceof ConfigError ? thrown.message : `"connect" threw ${thrown.name}: ${thrown.message}`,
    );
    throw new ConfigError(`connection "${name}": the backend ${settings.backend} is not usable. ${words}`);
  }
}

/** One result per name; a failure is not kept, so the next call reads the configuration again. */
function remember<T>(known: Map<string, T>, name: string, make: (name: string) => T): T {
  const present = known.get(name);
  if (present !== undefined) return present;
  const made = make(name);
  known.set(name, made);
  return made;
}

/** How long one result of a credential command is reused, so that 200 keys do not run it 200 times. */
const commandReuseMs = 10 * secondMs;

function createTokenReader(name: string, source: CredentialSource, env: NodeJS.ProcessEnv): () => Promise<string> {
  if (source.kind !== "command") return () => readCredential(name, source, env);
  let recent: { readonly token: Promise<string>; readonly readAtMs: number } | undefined;
  return () => {
    if (!recent || performance.now() - recent.readAtMs > commandReuseMs) {
      recent = { token: readCredential(name, source, env), readAtMs: performance.now() };
      recent.token.catch(() => (recent = undefined));
    }
    return recent.token;
  };
}

/** The client, whose changes end the sharing of reads. */
function endingSweeps(client: BackendClient, { end }: SharedReads): BackendClient {
  const methods = Object.entries(client).map(([name, method]: [string, unknown]): [string, unknown] => {
    if (typeof method !== "function" || readingMethods.some((reading) => reading === name)) return [name, method];
    const change = method as (...args: unknown[]) => Promise<unknown>;
    return [name, (...args: unknown[]) => change.apply(client, args).finally(end)];
  });
  return Object.fromEntries(methods) as unknown as BackendClient;
}

function readingPart(client: BackendClient): ReadingClient {
  const methods: Readonly<Record<string, unknown>> = { ...client };
  return Object.fromEntries(
    readingMethods.flatMap((name) => (methods[name] === undefined ? [] : [[name, methods[name]]])),
  ) as unknown as ReadingClient;
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
