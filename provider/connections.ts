import { checkClient } from "./backends/check-client";
import { checkedClient } from "./backends/checked-client";
import {
  type AskedAccount,
  type AskedKey,
  type Backend,
  type BackendClient,
  type Capabilities,
  type InputProblem,
  type ReadingClient,
  readingMethods,
} from "./backends/definition";
import { loadBackend } from "./backend-loading";
import { clockIsSet } from "./clock";
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
import { secondMs } from "./durations";
import { ConfigError } from "./errors";
import { guardClient } from "./guarded-client";
import { createHttpClient } from "./http/client";
import { isLoopback, type TlsFiles } from "./http/network";
import { redact } from "./redact";
import type { ScopeCatalogue } from "./scopes";
import { createSession } from "./session";

/** What `check` and `diff` may know of a connection: nothing of it needs a credential or the network. */
export interface ConnectionFacts {
  readonly name: string;
  readonly backend: string;
  /** Scheme, host and port; where several services share them, also the path that tells this one. */
  readonly origin: string;
  readonly capabilities: Capabilities;
  readonly catalogue?: ScopeCatalogue;
  /** What is to be taken for gone although nothing proves it: ids of accounts, or the connection's own origin. */
  readonly assumeGone: readonly string[];
  /** Earlier origins of the same service. */
  readonly movedFrom: readonly string[];
  /** The same with the paths that the settings say. */
  readonly movedFromAddresses: readonly string[];
  /** Where the admin credential comes from, in a few words and without reading it. */
  readonly credential?: string;
  /** Where on that host the requests go, if it is not where the backend's own address says, and whom they believe there. */
  readonly route?: string;
  /** What the backend itself finds wrong with a key. */
  readonly validateKey?: (asked: AskedKey) => readonly InputProblem[];
  /** What the backend itself finds wrong with an account. */
  readonly validateAccount?: (asked: AskedAccount) => readonly InputProblem[];
}

/** A connection that can look, and change nothing. */
export interface Connection extends ConnectionFacts {
  readonly client: ReadingClient;
}

/** A connection that may change what is on its service. */
export interface WritableConnection extends ConnectionFacts {
  readonly client: BackendClient;
}

/** All connections of one stack. Everything is read when it is asked for, and credentials at each call. */
export interface Connections {
  /** @throws ConfigError - the connection, its backend or its settings are missing or wrong. */
  describe(name: string): ConnectionFacts;
  /** Ready to read; the credential is read when a request needs it. */
  open(name: string): Connection;
  /**
   * Ready to read and write.
   *
   * @throws ConfigError - this connection may not write: its vendor documents no such calls, or the clock is set.
   */
  openForWrite(name: string): WritableConnection;
}

/** What stands between a connection and its service; tests have other ones. */
interface Surroundings {
  /** Where a backend's path is relative to. Default: the working directory. */
  readonly programDir?: string;
  readonly load?: typeof loadBackend;
  readonly guard?: typeof guardClient;
}

/** Reads `apikeys:connections`, `apikeys:tokens` and the environment's `APIKEYS_CONNECTIONS`. */
export function createConnections(
  config: RawConfig,
  env: NodeJS.ProcessEnv = process.env,
  { programDir = process.cwd(), load = loadBackend, guard = guardClient }: Surroundings = {},
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
        ...(catalogue ? { catalogue } : {}),
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
    const token = createTokenReader(name, source, env);
    const { authenticate } = backend;
    // A login goes out without the credential that it is about to bring.
    const login =
      authenticate && (() => authenticate({ http: createHttpClient({ url, ...timing }), options, token, url }));
    const session = createSession(token, login);
    const http = createHttpClient({ url, session, ...timing });
    const client = guard(checkedClient(backend.connect({ http, options, token, url })));
    return { writable: { ...facts, client }, readable: { ...facts, client: readingPart(client) } };
  }

  return {
    describe: (name) => remember(prepared, name, prepare).facts,
    open: (name) => remember(opened, name, connect).readable,
    openForWrite: (name) => {
      const { writable } = remember(opened, name, connect);
      assertMayWrite(remember(prepared, name, prepare), env);
      return writable;
    },
  };
}

/** One connection in both forms, over one session. */
interface Opened {
  readonly readable: Connection;
  readonly writable: WritableConnection;
}

/** What the settings say of the service's past, and of what is gone. `withPath`: a path tells this service from others there. */
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

/** Connects once without credential and network: a missing method is told by the preview, not when a key is at stake. */
function rehearse({ facts: { name, capabilities }, settings, backend, options, url }: Prepared): void {
  // Never answers: a refusal could go unhandled in a backend that asks for something before it is asked.
  const silence = () => new Promise<never>(() => undefined);
  try {
    checkClient(
      backend.name,
      capabilities,
      backend.connect({ options, url, http: { request: silence }, token: silence }),
    );
  } catch (error) {
    const words =
      error instanceof Error
        ? redact(error instanceof ConfigError ? error.message : `"connect" threw ${error.name}: ${error.message}`)
        : '"connect" threw an unknown error';
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

/** How long one answer of a credential command serves, so that 200 keys do not run it 200 times. */
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

function readingPart(client: BackendClient): ReadingClient {
  const methods: Readonly<Record<string, unknown>> = { ...client };
  return Object.fromEntries(
    readingMethods.flatMap((name) => (methods[name] === undefined ? [] : [[name, methods[name]]])),
  ) as unknown as ReadingClient;
}

/** Refuses, with what to do, before anything is sent. */
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
