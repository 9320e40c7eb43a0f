import { sameTarget } from "../access";
import { quoted, quotedList } from "../inert";
import { targetWords } from "../place-words";
import { sha256 } from "../sha256";
import type { Facts } from "../resource-facts";
import type { Unit } from "../units";
import type { Problem, Rule } from "./rule";

/**
 * A server that receives a key's request also receives the admin token. A server, a connection or a credential source
 * that nothing used before is therefore the widest grant of all, however narrow the key's scopes are.
 */
export const newServer: Rule = {
  id: "SR024",
  title: "server, backend or place of a credential that nothing used before",
  level: "block",
  needs: "both-states",
  concerns: "stack",
  followsFromDelta: true,
  help: "Make sure who runs that server, and that the connection's token is meant for it. To let it in, waive this finding for the stack, with the `code` that it names: another server needs another waiver.",
  check: ({ units, stackUrn, projectFile }) => {
    const used = units.flatMap(({ before }) => (before ? [before.facts] : []));
    const groups = new Map<string, { readonly after: Facts; readonly followers: Unit[] }>();
    for (const unit of units) {
      const { before, after } = unit;
      // SR021 reports moves, and names both places.
      if (!after || (before && !sameTarget(before.facts.target, after.facts.target))) continue;
      const subject = JSON.stringify([
        after.facts.connection,
        after.facts.target?.backend,
        after.facts.target?.origin,
        after.facts.target?.credential,
        after.facts.target?.route,
      ]);
      const group = groups.get(subject);
      if (group) group.followers.push(unit);
      else groups.set(subject, { after: after.facts, followers: [unit] });
    }
    return [...groups].flatMap(([subject, { after, followers }]): Problem[] => {
      const news = newsOf(after, used);
      if (news === undefined) return [];
      const names = quotedList(followers.map(({ name }) => name).sort(), 5);
      const code = sha256(subject);
      const common = { urn: stackUrn, subject, location: projectFile };
      const message = `${news.message}: ${followers.length} resource(s), ${names}`;
      // What only warns needs no waiver.
      return news.isFirst
        ? [{ ...common, message, level: "warn" }]
        : [{ ...common, message: `${message} (${quoted(`code: ${code}`)})`, code }];
    });
  },
};

interface News {
  readonly message: string;
  /** Nothing to compare with: a first deployment, or a state that did not record it. */
  readonly isFirst: boolean;
}

function newsOf(after: Facts, used: readonly Facts[]): News | undefined {
  const { connection, target } = after;
  const leads = `connection ${quoted(connection)} leads to ${targetWords(target)}${credentialWords(after)}`;
  if (used.length === 0) return { message: `the stack is new: ${leads}`, isFirst: true };
  const here = used.filter((facts) => sameTarget(facts.target, target));
  if (here.length === 0)
    return { message: `${leads}, which nothing used before; so far: ${places(used)}`, isFirst: false };
  const same = here.filter((facts) => facts.connection === connection);
  if (same.length === 0)
    return {
      message: `${leads}, a server that only ${connections(here)} used before`,
      isFirst: false,
    };
  if (!same.some((facts) => facts.target?.route === target?.route)) {
    const known = same.flatMap((facts) => facts.target?.route ?? []);
    return known.length === 0
      ? { message: `${leads}; so far on the backend's own path, or on one that is not on record`, isFirst: true }
      : { message: `${leads} instead of ${quotedList([...new Set(known)])}`, isFirst: false };
  }
  const credential = target?.credential;
  const recorded = same.flatMap((facts) => facts.target?.credential ?? []);
  if (credential === undefined || recorded.includes(credential)) return undefined;
  return recorded.length === 0
    ? { message: `${leads}; where it came from before is not on record`, isFirst: true }
    : { message: `${leads} instead of ${quotedList([...new Set(recorded)])}`, isFirst: false };
}

function credentialWords({ target }: Facts): string {
  return target?.credential === undefined ? "" : `, with the credential from ${quoted(target.credential)}`;
}

function places(used: readonly Facts[]): string {
  const words = new Set(used.map(({ target }) => targetWords(target)));
  return [...words].slice(0, 5).join(", ");
}

function connections(used: readonly Facts[]): string {
  return quotedList([...new Set(used.map(({ connection }) => connection))], 5);
}
