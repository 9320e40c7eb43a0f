import type { CheckFailure } from "@pulumi/pulumi/dynamic";
import type { ConnectionFacts } from "../../connections";
import { isUnknown } from "../../wire";

/** Collects what is wrong, so that a user sees all of it at once. */
export class Failures {
  readonly list: CheckFailure[] = [];

  add(property: string, reason: string): void {
    this.list.push({ property, reason });
  }
}

/** The inputs that are checked, and where what is wrong with them is collected. */
export interface CheckPoint {
  readonly news: Readonly<Record<string, unknown>>;
  readonly facts: ConnectionFacts;
  readonly failures: Failures;
}

/** A consent, or one that a preview does not know yet: it is asked for when it is known. */
export function isGiven(consent: unknown): boolean {
  return consent === true || isUnknown(consent);
}
