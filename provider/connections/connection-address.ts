/** Which service a connection reaches, and by which way. */
import { ConfigError } from "../errors";
import { isLoopback } from "../http/network";
import type { TlsFiles } from "../http/tls-files";
import { fingerprintOf } from "../values/fingerprint";
import type { Configured } from "./connection-settings";

/** The base URL without a trailing slash. */
export function readUrl({ name, backend, settings }: Configured): string {
  const text = settings.url ?? backend.defaultUrl;
  if (text === undefined)
    throw new ConfigError(
      `connection "${name}": "url" is missing; the backend "${backend.name}" has no address of its own (config apikeys:connections.${name}.url).`,
    );
  const url = parseUrl(text, { name, field: "url" });
  const foreign = hostThatLooksLikeAnother(text, url);
  if (foreign !== undefined)
    throw new ConfigError(
      `connection "${name}": "url" has characters beyond ASCII in its host, which can look like another host. It is really "${foreign}": if that is meant, write it so (config apikeys:connections.${name}.url).`,
    );
  if (url.username !== "" || url.password !== "")
    throw new ConfigError(
      `connection "${name}": "url" contains a user name or password; take it out and use tokenEnv, tokenFile or tokenCommand.`,
    );
  // Even an empty one, because the path of a request would follow it.
  if (/[?#]/.test(text))
    throw new ConfigError(
      `connection "${name}": "url" contains a query or fragment; give the base address of the API only.`,
    );
  if (/\/(?:\.|%2e){1,2}(?:[/\\]|$)|\\|[^:]\/\//i.test(text))
    throw new ConfigError(
      `connection "${name}": the path of "url" has empty or dot segments, or a backslash, so that it leads elsewhere than it says; write the path that is meant (config apikeys:connections.${name}.url).`,
    );
  if (url.protocol === "http:" && !isLoopback(url) && settings.allowPlainHttp !== true) {
    throw new ConfigError(
      `connection "${name}": "url" is plain http beyond this machine, so the admin token would travel unencrypted; use https, or set allowPlainHttp: true.`,
    );
  }
  return url.href.replace(/\/+$/, "");
}

function parseUrl(text: string, { name, field }: { readonly name: string; readonly field: string }): URL {
  const url = URL.parse(text);
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new ConfigError(
      `connection "${name}": "${field}" is not an http or https address; write all of it, such as https://api.example.com/v1 (config apikeys:connections.${name}.${field}).`,
    );
  }
  return url;
}

/** The host in ASCII if the text spells it in other letters, in any encoding. */
function hostThatLooksLikeAnother(text: string, { hostname }: URL): string | undefined {
  const written = text.toLowerCase();
  return hostname.split(".").some((label) => label.startsWith("xn--") && !written.includes(label))
    ? hostname
    : undefined;
}

/** Earlier origins of the service, with their paths if these tell services apart. */
export function originsBefore({ name, settings }: Configured, withPath: boolean): string[] {
  return (settings.movedFrom ?? []).map((text) => {
    const { origin, pathname } = parseUrl(text, { name, field: "movedFrom" });
    return withPath ? origin + pathname.replace(/\/+$/, "") : origin;
  });
}

/** The connection's own certificates; undefined if it has none. */
export function readTls({ name, settings }: Configured, url: string): TlsFiles | undefined {
  const { caFile, clientCertFile, clientKeyFile } = settings;
  const [field] = (["caFile", "clientCertFile", "clientKeyFile"] as const).filter(
    (each) => settings[each] !== undefined,
  );
  if (field === undefined) return undefined;
  if (!url.startsWith("https:"))
    throw new ConfigError(
      `connection "${name}": "${field}" is for https, and "url" is plain http; write https, or leave it out (config apikeys:connections.${name}.${field}).`,
    );
  if ((clientCertFile === undefined) !== (clientKeyFile === undefined))
    throw new ConfigError(
      `connection "${name}": "${clientCertFile === undefined ? "clientCertFile" : "clientKeyFile"}" is missing; a client certificate and its key go together (config apikeys:connections.${name}).`,
    );
  return { connection: name, caFile, clientCertFile, clientKeyFile };
}

/**
 * The parts of a connection beyond its origin that decide which service it reaches, for the scope review: another path
 * on one host may be another service. It also covers the certificates that it trusts and what counts as gone, because a
 * pull request that adds an authority or a consent changes no other input. A fingerprint stands for long values.
 */
export function routeOf({ backend, settings }: Configured, url: string): string | undefined {
  const { dialect, caFile, clientCertFile, assumeGone } = settings;
  const { defaultUrl: ownUrl } = backend;
  const pathOf = (text: string): string => new URL(text).pathname.replace(/\/+$/, "");
  const path = pathOf(url);
  const isOwn = path === "" || (ownUrl !== undefined && path === pathOf(ownUrl));
  const parts = [
    ...(isOwn ? [] : [`path ${path}`]),
    ...printOf("dialect", dialect),
    ...printOf("authority", caFile),
    ...printOf("client certificate", clientCertFile),
    ...printOf("assumed gone", assumeGone),
  ];
  return parts.length === 0 ? undefined : parts.join(", ");
}

function printOf(what: string, setting: unknown): string[] {
  return setting === undefined ? [] : [`${what} ${fingerprintOf(JSON.stringify(setting)).slice(0, 8)}`];
}

/** The path in a route; undefined if it has none. */
export function pathOfRoute(route: string | undefined): string | undefined {
  return /^path (\S+?)(?:, .*)?$/.exec(route ?? "")?.[1];
}
