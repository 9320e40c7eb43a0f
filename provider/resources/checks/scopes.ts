/** Checks of the scopes of keys and accounts. */
import type { ConnectionFacts } from "../../connections/connections";
import { canonicalScopes, isKnownScope, isWildcard, nearestScope, scopeNames, type ScopeCatalogue } from "../../scopes";
import { vendorsWithScope } from "../../vendors";
import { isUnknown } from "../../values/wire";
import { type CheckPoint, isGiven } from "./failures";

/**
 * The canonical scopes. They must exist and be where the vendor keeps them, and scopes that give everything need an
 * explicit consent.
 */
export function checkKeyScopes(scopes: unknown, { news, facts, failures }: CheckPoint): unknown {
  const { capabilities, catalogue, backend } = facts;
  const onKeys = capabilities.scopes === "immutable" || capabilities.scopes === "mutable";
  if (!onKeys) {
    const where =
      capabilities.scopes === "account"
        ? "set them on the service account (ServiceAccount.scopes)"
        : "a key can do whatever its service account may";
    if (scopes !== undefined)
      failures.add("scopes", `keys of ${backend} have no scopes of their own; leave "scopes" out: ${where}`);
    return scopes;
  }
  if (scopes === undefined) {
    failures.add("scopes", `"scopes" is missing; list what the key may do, for example ["${exampleScope(catalogue)}"]`);
    return scopes;
  }
  if (isUnknown(scopes) || !Array.isArray(scopes) || scopes.some((scope) => typeof scope !== "string")) return scopes;
  const canonical = canonicalScopes(scopes as string[]);
  const consent = isGiven(news.fullAccess);
  if (canonical.length === 0 && !consent) {
    failures.add(
      "scopes",
      '"scopes" is an empty list, which many services read as everything; list the scopes, or set fullAccess: true if everything is meant',
    );
  }
  for (const scope of canonical) checkScope(scope, consent, { facts, failures });
  return canonical;
}

/** The scopes of an account; an empty list needs no consent. */
export function checkAccountScopes(scopes: unknown, { facts, failures }: CheckPoint): unknown {
  const { capabilities, backend } = facts;
  if (scopes === undefined) return scopes;
  if (capabilities.serviceAccounts?.scopes === "none") {
    failures.add("scopes", `service accounts of ${backend} have no scopes; leave "scopes" out`);
    return scopes;
  }
  if (isUnknown(scopes) || !Array.isArray(scopes) || scopes.some((scope) => typeof scope !== "string")) return scopes;
  const canonical = canonicalScopes(scopes as string[]);
  for (const scope of canonical) checkScope(scope, true, { facts, failures });
  return canonical;
}

function checkScope(
  scope: string,
  fullAccess: boolean,
  { facts, failures }: Pick<CheckPoint, "facts" | "failures">,
): void {
  const { catalogue, backend, name: connection } = facts;
  if (catalogue && !isKnownScope(catalogue, scope)) {
    const near = nearestScope(catalogue, scope);
    const form = catalogue.open
      ? `a scope looks like "${catalogue.open.example}"`
      : `known scopes: ${scopeNames(catalogue).sort().join(", ")}`;
    failures.add(
      "scopes",
      `${backend} (connection "${connection}") has no scope ${JSON.stringify(scope)}${severalIn(catalogue, scope) ?? meantBy(scope, near, backend)} (${form}). If the service has it, add it to extraScopes of the connection`,
    );
  } else if (isWildcard(catalogue, scope) && !fullAccess) {
    failures.add(
      "scopes",
      `"${scope}" is a wildcard: it gives everything that it covers, now and later; list single scopes, or set fullAccess: true if that is meant`,
    );
  }
}

/** Several scopes in one text, as other tools take them. */
function severalIn(catalogue: ScopeCatalogue, scope: string): string | undefined {
  const parts = scope.split(/[\s,;]+/).filter((part) => part !== "");
  const isList = parts.length > 1 && parts.every((part) => isKnownScope(catalogue, part));
  return isList ? `; did you mean ${JSON.stringify(parts)}, one text for each?` : undefined;
}

/** A typing error, or a scope of another service: then the connection is probably wrong. */
function meantBy(scope: string, near: string | undefined, backend: string): string {
  const others = vendorsWithScope(scope).filter((name) => name !== backend);
  const elsewhere = others.length === 0 ? "" : `; it is a scope of ${others.join(" and ")}: is "connection" missing?`;
  return (near === undefined ? "" : `; did you mean "${near}"?`) + elsewhere;
}

function exampleScope(catalogue: ConnectionFacts["catalogue"]): string {
  return catalogue?.open?.example ?? Object.keys(catalogue?.scopes ?? {})[0] ?? "…";
}
