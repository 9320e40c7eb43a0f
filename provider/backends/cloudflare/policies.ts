/** Scopes as policies, and policies as scopes. */
import { InputError } from "../../errors";
import { canonicalScopes, nearestWord } from "../../scopes";
import type { PermissionGroup } from "./permission-groups";
import type { WirePolicy } from "./wire";

const accountKind = "com.cloudflare.api.account";
const zoneKind = "com.cloudflare.api.account.zone";
const zoneLimit = "!zone=";

type Groups = () => Promise<readonly PermissionGroup[]>;
type Resources = WirePolicy["resources"];

/**
 * The policies that give these scopes, one for each place that they hold for.
 *
 * @throws InputError - a scope that the account has no permission group for, before anything is made.
 */
export async function policiesOf(
  scopes: readonly string[],
  account: string,
  groups: Groups,
): Promise<readonly WirePolicy[]> {
  const all = await groups();
  const policies = new Map<string, { readonly resources: Resources; readonly ids: Set<string> }>();
  for (const scope of scopes) {
    const [name = "", zone] = scope.split(zoneLimit);
    const group = groupNamed(name, all);
    const resources = resourcesFor(group, zone, account);
    const place = JSON.stringify(resources);
    const policy = policies.get(place) ?? { resources, ids: new Set<string>() };
    policies.set(place, policy);
    policy.ids.add(group.id);
  }
  return [...policies.values()].map(({ resources, ids }) => ({
    effect: "allow",
    permission_groups: [...ids].map((id) => ({ id })),
    resources,
  }));
}

function groupNamed(name: string, all: readonly PermissionGroup[]): PermissionGroup {
  const [group, other] = all.filter((each) => each.name === name);
  if (other)
    throw new InputError(
      "scopes",
      `Cloudflare has several permission groups ${JSON.stringify(name)}; nothing was sent.`,
    );
  if (group) return group;
  const near = nearestWord(
    name,
    all.map((each) => each.name),
  );
  throw new InputError(
    "scopes",
    `Cloudflare has no permission group ${JSON.stringify(name)}${near === undefined ? "" : `; did you mean ${JSON.stringify(near)}?`} Nothing was sent.`,
  );
}

function resourcesFor({ name, scopes }: PermissionGroup, zone: string | undefined, account: string): Resources {
  const own = `${accountKind}.${account}`;
  if (scopes.includes(zoneKind))
    return zone === undefined ? { [own]: { [`${zoneKind}.*`]: "*" } } : { [`${zoneKind}.${zone}`]: "*" };
  if (zone !== undefined || !scopes.includes(accountKind))
    throw new InputError(
      "scopes",
      `Cloudflare's permission group ${JSON.stringify(name)} holds for ${scopes.join(", ")}, and cannot be given ${zone === undefined ? "here" : "for one zone"}; nothing was sent.`,
    );
  return { [own]: "*" };
}

/** The scopes that policies give, in the words of a program; what it has no word for is told as Cloudflare writes it. */
export async function scopesOf(policies: readonly WirePolicy[], account: string, groups: Groups): Promise<string[]> {
  const found: string[] = [];
  for (const { effect, permission_groups, resources } of policies)
    for (const { id, name } of permission_groups) {
      const word = name ?? (await groups()).find((group) => group.id === id)?.name ?? id;
      for (const limit of limitsOf(resources, account))
        found.push(word + limit + (effect === "allow" ? "" : `!${effect}`));
    }
  return canonicalScopes(found);
}

function limitsOf(resources: Resources, account: string): string[] {
  return Object.entries(resources).map(([name, within]) => {
    const isOwn = name === `${accountKind}.${account}`;
    if (isOwn && within === "*") return "";
    if (isOwn && JSON.stringify(within) === JSON.stringify({ [`${zoneKind}.*`]: "*" })) return "";
    const [, zone] = new RegExp(`^${zoneKind}\\.([0-9a-f]{32})$`).exec(name) ?? [];
    if (zone !== undefined && within === "*") return zoneLimit + zone;
    return `!${name}=${typeof within === "string" ? within : JSON.stringify(within)}`;
  });
}
