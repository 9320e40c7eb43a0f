import { z } from "zod";
import { formatSpan } from "../provider/durations";
import { usageFailure } from "./command";

/** What one key of a stack waits for. */
export interface DueKey {
  readonly name: string;
  readonly urn: string;
  readonly connection: string;
  /** Whole days, hours or minutes since the current key was made. */
  readonly age: string;
  /** RFC 3339 UTC; absent where the key neither rotates nor expires. */
  readonly nextRotationAt?: string;
  readonly previousValidUntil?: string;
  /** Why something is due; absent where nothing is. */
  readonly reason?: string;
}

const time = z.string().refine((value) => !Number.isNaN(Date.parse(value)));
const outputs = z.object({
  connection: z.string().optional(),
  status: z.string().optional(),
  createdAt: time.optional(),
  issuedOn: time.optional(),
  rotatedAt: time.optional(),
  nextRotationAt: time.optional(),
  expiresAt: time.optional(),
  expiresIn: z.string().optional(),
  previousValidUntil: time.optional(),
  previousKey: z.object({ retireAfter: time, retire: z.string(), endsOnService: z.boolean() }).optional(),
  pendingRevocations: z.array(z.unknown()).optional(),
});
const deployment = z.object({
  deployment: z.object({
    resources: z
      .array(
        z.object({
          urn: z.string(),
          type: z.string(),
          delete: z.boolean().optional(),
          outputs: z.unknown().optional(),
        }),
      )
      .optional(),
  }),
});

const keyTypes = ["RotatingApiKey", "ApiKey"].map((name) => `pulumi-nodejs:dynamic/apikeys:${name}`);

/** Reads `pulumi stack export`; throws what says what is wrong with it. */
export function dueReport(exported: unknown, nowMs: number, withinMs: number): DueKey[] {
  const state = deployment.safeParse(exported);
  if (!state.success)
    throw usageFailure("this is not the output of `pulumi stack export`: it has no deployment with resources");
  return (state.data.deployment.resources ?? [])
    .filter(({ type, delete: going }) => keyTypes.includes(type) && going !== true)
    .map(({ urn, outputs: recorded }) => describe(urn, recorded, nowMs, nowMs + withinMs))
    .sort((a, b) => nextMs(a) - nextMs(b) || (a.urn < b.urn ? -1 : 1));
}

/** Keys without a next rotation come last. */
function nextMs({ nextRotationAt }: DueKey): number {
  return nextRotationAt === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(nextRotationAt);
}

function describe(urn: string, recorded: unknown, nowMs: number, horizonMs: number): DueKey {
  const name = urn.split("::").pop() ?? urn;
  const parsed = outputs.safeParse(recorded ?? {});
  if (!parsed.success)
    return { name, urn, connection: "?", age: "?", reason: "its record cannot be read; run pulumi refresh" };
  const key = parsed.data;
  // The day that rotation counts from, where there is one: the age here is the age that a preview tells.
  const bornMs = Date.parse(key.issuedOn ?? key.rotatedAt ?? key.createdAt ?? new Date(nowMs).toISOString());
  // An ApiKey with a life of its own is replaced by the first update after its end.
  const next = key.nextRotationAt ?? (key.expiresIn === undefined ? undefined : key.expiresAt);
  const reasons: string[] = [];
  if (key.status !== undefined && key.status !== "active") reasons.push(key.status);
  if ((key.pendingRevocations ?? []).length > 0)
    reasons.push(`${key.pendingRevocations?.length ?? 0} older keys await revocation`);
  if (next !== undefined && Date.parse(next) <= horizonMs)
    reasons.push(Date.parse(next) <= nowMs ? "rotation due" : `rotates in ${formatSpan(Date.parse(next) - nowMs)}`);
  const retireMs = key.previousKey ? Date.parse(key.previousKey.retireAfter) : undefined;
  if (retireMs !== undefined && retireMs <= horizonMs)
    reasons.push(
      retireMs <= nowMs ? "previous key can be retired" : `previous key ends in ${formatSpan(retireMs - nowMs)}`,
    );
  return {
    name,
    urn,
    connection: key.connection ?? "default",
    age: formatSpan(nowMs - bornMs),
    ...(next === undefined ? {} : { nextRotationAt: next }),
    ...(key.previousValidUntil === undefined ? {} : { previousValidUntil: key.previousValidUntil }),
    ...(reasons.length === 0 ? {} : { reason: reasons.join("; ") }),
  };
}

/** The report as a table for people. */
export function dueTable(keys: readonly DueKey[]): string {
  if (keys.length === 0) return "No keys in this stack.\n";
  const rows = [
    ["KEY", "CONNECTION", "AGE", "NEXT ROTATION", "PREVIOUS KEY ENDS", "DUE"],
    ...keys.map((key) => [
      key.name,
      key.connection,
      key.age,
      key.nextRotationAt ?? "-",
      key.previousValidUntil ?? "-",
      key.reason ?? "-",
    ]),
  ].map((row) => row.map(printable));
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return (
    rows
      .map((row) =>
        row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd(),
      )
      .join("\n") + "\n"
  );
}

/** Names come from a program: nothing in them may move a terminal's cursor or turn its text around. */
function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, "?");
}
