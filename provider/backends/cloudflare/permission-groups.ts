import { z } from "zod";
import type { HttpClient } from "../../http/request";
import { parseAnswer } from "../parse-answer";

/** One of Cloudflare's permission groups: what it lets do, and on what kind of resource. */
export interface PermissionGroup {
  readonly id: string;
  readonly name: string;
  /** Such as `com.cloudflare.api.account.zone`. */
  readonly scopes: readonly string[];
}

const schema = z.object({
  success: z.literal(true),
  result: z.array(z.object({ id: z.string().min(1), name: z.string(), scopes: z.array(z.string()) })),
});

/** Asks for the list of all groups when it is first needed, and again after it could not be had. */
export function permissionGroups(http: HttpClient, at: string): () => Promise<readonly PermissionGroup[]> {
  let known: Promise<readonly PermissionGroup[]> | undefined;
  const ask = async () => {
    const { body } = await http.request({ method: "GET", path: at });
    return parseAnswer("GET", at, schema, body).result;
  };
  return () => {
    known ??= ask().catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
}
