/** Where an answer redirects us, in our own words, and what to do about it. */
export interface RedirectWords {
  readonly where: string;
  readonly advice: string;
}

const realAddress = "set the connection's url to the service's real base address";
const lookThere = "open the connection's url without the credential (curl -I) to see where it leads";

/**
 * Tells how the redirect's URL differs from the requested one. It never shows that URL: the service wrote it, and it
 * may contain a key that nobody here has seen.
 *
 * @param asked - the requested URL
 * @param location - the answer's `Location` header; undefined if it has none
 */
export function redirectWords(asked: string, location: string | undefined): RedirectWords {
  const from = new URL(asked);
  const to = location === undefined ? undefined : URL.parse(location, asked);
  if (location === undefined) return { where: "to nowhere that it names", advice: realAddress };
  if (!to) return { where: "to something that is not an address", advice: realAddress };
  if (to.hostname !== from.hostname) return { where: "to another host", advice: `${realAddress}; ${lookThere}` };
  if (to.protocol !== from.protocol) return schemeWords(to);
  if (to.port !== from.port)
    return { where: "to another port of the same host", advice: `${realAddress}; ${lookThere}` };
  return pathWords(from, to);
}

function schemeWords({ protocol }: URL): RedirectWords {
  if (protocol === "https:")
    return { where: "to https on the same host", advice: "write https:// in the connection's url" };
  if (protocol === "http:")
    return {
      where: "to plain http on the same host",
      advice: "ask whoever runs the service: over plain http the credential would travel unencrypted",
    };
  return { where: "to an address that is not on the web", advice: realAddress };
}

function pathWords(from: URL, to: URL): RedirectWords {
  const where = differenceOf(from, to);
  return { where, advice: `check the path of the connection's url, and that the service's version is a supported one` };
}

function differenceOf(from: URL, to: URL): string {
  if (to.pathname === `${from.pathname}/`) return "to the same path with a slash at its end";
  if (`${to.pathname}/` === from.pathname) return "to the same path without the slash at its end";
  if (to.pathname !== from.pathname) return "to another path of the same server";
  return to.search === from.search ? "to the address that was asked" : "to the same path with another query";
}
