import type { CheckFailure } from "@pulumi/pulumi/dynamic";
import type { ConnectionFacts } from "../../connections/connections";
import { isUnknown } from "../../values/wire";

/** Collects everything that is wrong, so that a user sees it all at once. */
export class Failures {
  readonly list: CheckFailure[] = [];

  add(property: string, reason: string): void {
    this.list.push({ property, reason });
  }
}

/** The inputs to check, and the failures found so far. */
export interface CheckPoint {
  readonly news: Readonly<Record<string, unknown>>;
  readonly facts: ConnectionFacts;
  readonly failures: Failures;
}

/** True for a consent. An unknown one counts until its value is known. */
export function isGiven(consent: unknown): boolean {
  return consent === true || isUnknown(consent);
}
