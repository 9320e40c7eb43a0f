/** Tells whose a leaked secret is, by its fingerprint, which the states record. Pure. */
import { fingerprintOf } from "../provider/values/fingerprint";
import type { Candidate } from "./candidates";
import type { RecordedKey, RecordedStack } from "./recorded";

export interface Identified {
  /** The line of the input. */
  readonly line: number;
  readonly key: RecordedKey;
  /** Whether the key still works, according to the state. */
  readonly lives: string;
  /** The exact change that revokes it. */
  readonly remedy: string;
}

export function identify(
  candidates: readonly Candidate[],
  states: readonly RecordedStack[],
  nowMs: number,
): Identified[] {
  const known = new Map<string, RecordedKey[]>();
  for (const key of states.flatMap(({ keys }) => keys)) {
    if (key.fingerprint === undefined) continue;
    known.set(key.fingerprint, [...(known.get(key.fingerprint) ?? []), key]);
  }
  return candidates.flatMap(({ text, line }) =>
    (known.get(fingerprintOf(text)) ?? []).map((key) => ({
      line,
      key,
      lives: livesWords(key, nowMs),
      remedy: remedyFor(key, nowMs),
    })),
  );
}

function hasEnded({ endsAt }: RecordedKey, nowMs: number): boolean {
  return endsAt !== undefined && Date.parse(endsAt) <= nowMs;
}

function livesWords(key: RecordedKey, nowMs: number): string {
  if (key.status !== undefined && key.status !== "active") return `no: it is ${key.status}`;
  if (key.generation === "pending") return "yes: its revocation has failed so far, and the next update tries again";
  if (hasEnded(key, nowMs)) return `no: it ended at ${key.endsAt ?? ""}`;
  return key.endsAt === undefined ? "yes" : `yes, until ${key.endsAt}`;
}

function remedyFor(key: RecordedKey, nowMs: number): string {
  if (key.status !== undefined && key.status !== "active") return "nothing is left to end";
  if (key.generation === "pending" || key.generation === "replaced")
    return `run pulumi up --stack ${key.stack.split("/")[1] ?? ""}, which first revokes the key`;
  if (hasEnded(key, nowMs)) return "nothing is left to end";
  const update = `then run pulumi up --stack ${key.stack.split("/")[1] ?? ""}, which makes a new key and revokes this one in the same update`;
  if (key.type === "RotatingApiKey")
    return `change emergency of RotatingApiKey "${key.resource}" to any new text, for example emergency: "leak ${new Date(nowMs).toISOString().slice(0, 10)}", ${update}`;
  return `change a value in keepers of ApiKey "${key.resource}", ${update}`;
}
