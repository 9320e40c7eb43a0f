/** Converts scopes to a user's tags and permissions, and back: `administrator`, `read:/:^orders\.` */
import { z } from "zod";
import { rabbitmq } from "../../vendors/rabbitmq";

const verbs = ["configure", "write", "read"] as const;

export const permissionSchema = z.object({
  user: z.string().optional(),
  vhost: z.string(),
  configure: z.string(),
  write: z.string(),
  read: z.string(),
});
/** A user's permissions on one virtual host: a regular expression for each verb, "" for nothing. */
export type Permission = z.infer<typeof permissionSchema>;

export function tagsOf(scopes: readonly string[]): string[] {
  return scopes.filter((scope) => Object.hasOwn(rabbitmq.catalogue.scopes, scope));
}

export function permissionsOf(scopes: readonly string[]): Permission[] {
  const byHost = new Map<string, Permission>();
  for (const scope of scopes) {
    const [, verb, vhost, pattern] = /^(configure|write|read):([^:]+):(.+)$/s.exec(scope) ?? [];
    if (verb === undefined || vhost === undefined || pattern === undefined) continue;
    const nothing = { vhost, configure: "", write: "", read: "" };
    byHost.set(vhost, { ...(byHost.get(vhost) ?? nothing), [verb]: pattern });
  }
  return [...byHost.values()];
}

export function scopesOf(tags: readonly string[], permissions: readonly Permission[]): string[] {
  const granted = permissions.flatMap((permission) =>
    verbs.filter((verb) => permission[verb] !== "").map((verb) => `${verb}:${permission.vhost}:${permission[verb]}`),
  );
  return [...tags, ...granted];
}
