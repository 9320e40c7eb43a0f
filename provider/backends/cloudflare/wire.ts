import { z } from "zod";

/** A policy as Cloudflare tells it: resources by their names, all of one as `*`, or some within another. */
export const policySchema = z.object({
  effect: z.string(),
  permission_groups: z.array(z.object({ id: z.string().min(1), name: z.string().nullish() })),
  resources: z.record(z.string(), z.union([z.string(), z.record(z.string(), z.string())])),
});
export type WirePolicy = z.infer<typeof policySchema>;
