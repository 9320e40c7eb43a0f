/** Scopes as Elasticsearch's role descriptors, and back: `cluster:monitor`, `index:read:logs-shop-*`. */
import { z } from "zod";

const texts = z.array(z.string());

export const descriptorsSchema = z.record(
  z.string(),
  z.object({
    cluster: texts.nullish(),
    indices: z.array(z.object({ names: z.union([z.string(), texts]), privileges: texts })).nullish(),
    applications: z.array(z.object({ application: z.string(), privileges: texts, resources: texts })).nullish(),
    run_as: texts.nullish(),
  }),
);
export type Descriptors = z.infer<typeof descriptorsSchema>;

/** The name of the one role in a key of ours. */
const role = "pulumi-apikeys";

export function descriptorsOf(scopes: readonly string[]): Descriptors {
  const cluster: string[] = [];
  const byName = new Map<string, string[]>();
  for (const scope of scopes) {
    const [, privilege, name] = /^index:([^:]+):(.+)$/.exec(scope) ?? [];
    if (privilege !== undefined && name !== undefined) byName.set(name, [...(byName.get(name) ?? []), privilege]);
    else cluster.push(scope.replace(/^cluster:/, ""));
  }
  const indices = [...byName].map(([name, privileges]) => ({ names: [name], privileges }));
  return { [role]: { cluster, indices } };
}

/** A key without descriptors has all rights of its owner. What no scope can say is told in words of its own. */
export function scopesOf(descriptors: Descriptors): string[] {
  const roles = Object.values(descriptors);
  if (roles.length === 0) return ["*"];
  return roles.flatMap(({ cluster, indices, applications, run_as }) => [
    ...(cluster ?? []).map((privilege) => `cluster:${privilege}`),
    ...(indices ?? []).flatMap(({ names, privileges }) =>
      [names].flat().flatMap((name) => privileges.map((privilege) => `index:${privilege}:${name}`)),
    ),
    ...(applications ?? []).flatMap(({ application, privileges, resources }) =>
      resources.flatMap((resource) => privileges.map((each) => `application:${application}:${each}:${resource}`)),
    ),
    ...(run_as ?? []).map((user) => `run_as:${user}`),
  ]);
}
