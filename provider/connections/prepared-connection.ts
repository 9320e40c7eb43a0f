/** From the settings of a connection to its facts. Reads no credential and sends nothing. */
import { checkClient } from "../backends/check-client";
import type { Adaptation, Backend } from "../backends/definition";
import { ConfigError } from "../errors";
import type { TlsFiles } from "../http/tls-files";
import { redact } from "../secrets/redact";
import { asThrown } from "../thrown";
import { defined } from "../values/defined";
import type { loadBackend } from "./backend-loading";
import { readCapabilities, readCatalogue, readOptions } from "./backend-settings";
import { originsBefore, readTls, readUrl, routeOf } from "./connection-address";
import { type ConfigSources, readSettings, readTiming, type Settings, type Timing } from "./connection-settings";
import type { ConnectionFacts } from "./connections";
import { placeOfCredential } from "./credentials";

/** A connection whose settings are sound. */
export interface Prepared {
  readonly backend: Backend;
  readonly settings: Settings;
  readonly options: unknown;
  readonly url: string;
  readonly timing: Timing & { readonly tls: TlsFiles | undefined };
  readonly facts: ConnectionFacts;
}

interface Sources extends ConfigSources {
  readonly programDir: string;
  readonly load: typeof loadBackend;
}

/** @throws ConfigError - the settings are wrong, or the backend is not usable */
export function prepareConnection(name: string, { config, env, programDir, load }: Sources): Prepared {
  const settings = readSettings({ config, env }, name);
  const backend = load(name, settings.backend, programDir);
  const configured = { name, settings, backend };
  const options = readOptions(configured);
  const adapted = backend.adapt?.(options);
  const url = readUrl(configured);
  const timing = { ...readTiming(configured), tls: readTls(configured, url) };
  const declared = {
    capabilities: adapted?.capabilities ?? backend.capabilities,
    ...defined({ catalogue: adapted?.catalogue ?? backend.catalogue }),
  };
  const capabilities = readCapabilities(configured, declared);
  const catalogue = readCatalogue(configured, declared);
  const credential = placeOfCredential(settings);
  const route = routeOf(configured, url);
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
      assumeGone: settings.assumeGone ?? [],
      // A path tells services on that host apart.
      movedFrom: originsBefore(configured, adapted?.tenant !== undefined),
      movedFromAddresses: originsBefore(configured, true),
    },
  };
  rehearse(made);
  return made;
}

/** The inputs that only this vendor has. */
function ownInputs(backend: Backend, adapted: Adaptation = {}): Pick<ConnectionFacts, "keyOptions" | "accountOptions"> {
  const { keyOptions = backend.keyOptions, accountOptions = backend.accountOptions } = adapted;
  return defined({ keyOptions, accountOptions });
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
