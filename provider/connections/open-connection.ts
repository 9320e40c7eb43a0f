/** Opens a connection: its credential, its session, its pace, and one client that every call passes through in the same steps. */
import { type Backend, readingMethods } from "../backends/definition";
import { createHttpClient } from "../http/client";
import { Pace } from "../http/pace";
import { AnswersClock } from "../http/service-clock";
import { realClock } from "../http/waiting";
import { defined } from "../values/defined";
import { checking } from "./checked-client";
import { readingPart, type Step, withSteps } from "./client-steps";
import type { ConfigSources } from "./connection-settings";
import type { Connection, WritableConnection } from "./connections";
import { credentialSource, tokenReader } from "./credentials";
import { OwnCredential, type Replacements } from "./own-credential";
import type { Prepared } from "./prepared-connection";
import { createSession } from "./session";
import { shareReads } from "./shared-reads";

/** One connection in its forms, over one session. */
export interface Opened {
  readonly readable: Connection;
  readonly refreshing: Connection;
  readonly writable: WritableConnection;
}

interface Surroundings extends ConfigSources {
  readonly guard: Step;
  readonly tell: ((message: string, passing: boolean) => void) | undefined;
  readonly replaced: Replacements | undefined;
}

export function openConnection(prepared: Prepared, { config, env, guard, tell, replaced }: Surroundings): Opened {
  const { backend, settings, options, url, timing, facts } = prepared;
  const { name } = facts;
  const own = new OwnCredential({
    read: tokenReader({ connection: name, source: credentialSource({ config, env }, { name, settings }), env }),
    ask: () => client.whoAmI?.(),
    isWhole: backend.authenticate === undefined,
    changed: () => session.forget(),
    replaced,
  });
  const token = () => own.token();
  const clock = new AnswersClock(() => realClock.nowMs());
  const pace = new Pace({
    connection: name,
    origin: new URL(url).origin,
    ...defined({ tell, maxRequestsPerMinute: settings.maxRequestsPerMinute }),
    retryBudgetMs: timing.retryBudgetMs,
  });
  const joins: Connection["joins"] = (answer) => pace.joins(answer);
  const common = { url, ownPath: ownPathOf(backend), serviceClock: clock, pace, ...timing };
  const { authenticate } = backend;
  // A login is sent without the credential that it is about to obtain.
  const login = authenticate && (() => authenticate({ http: createHttpClient(common), options, token, url }));
  const session = createSession(token, login);
  const http = createHttpClient({ ...common, session });
  const client = withSteps(backend.connect({ http, options, token, url }), [
    endingSweep(() => shared.end()),
    guard,
    checking(facts),
  ]);
  const reading = readingPart(client);
  const shared = shareReads(reading, {
    listTellsAll: facts.capabilities.listTellsAll,
    accountsTellAll: facts.capabilities.serviceAccounts?.listTellsAll,
    nowMs: () => realClock.nowMs(),
    joins,
  });
  const opening = { ...facts, clock, own, joins };
  return {
    readable: { ...opening, client: reading },
    refreshing: { ...opening, client: shared.client },
    writable: { ...opening, client },
  };
}

/** The path of the API on the vendor's own host. */
function ownPathOf({ defaultUrl }: Backend): string | undefined {
  return defaultUrl === undefined ? undefined : new URL(defaultUrl).pathname.replace(/\/$/, "");
}

/** Whatever changes the service ends the sharing of reads. */
function endingSweep(end: () => void): Step {
  return ({ method }, next) => (readingMethods.some((reading) => reading === method) ? next() : next().finally(end));
}
