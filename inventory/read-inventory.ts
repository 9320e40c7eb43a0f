/** Reads an inventory that a command has printed. */
import { z } from "zod";
import { standings } from "./classify";
import type { ReportInput } from "./reported-facts";

const text = z.string().optional();
const inventory = z.object({
  rows: z.array(
    z.object({
      standing: z.enum(standings),
      kind: z.enum(["key", "account"]),
      connection: z.string(),
      service: z.string(),
      id: z.string(),
      name: z.string(),
      status: z.string(),
      accountId: text,
      scopes: z.array(z.string()).optional(),
      createdAt: text,
      lastUsedAt: text,
      endsAt: text,
      stack: text,
      resource: text,
      generation: text,
      owner: text,
    }),
  ),
  problems: z.array(z.string()),
});

/** Reads the output of `apikeys inventory --format json`; undefined for any other text. */
export function readInventory(printed: string): NonNullable<ReportInput["inventory"]> | undefined {
  try {
    const parsed = inventory.safeParse(JSON.parse(printed));
    return parsed.success ? (parsed.data as NonNullable<ReportInput["inventory"]>) : undefined;
  } catch {
    return undefined;
  }
}
