import type { IssuedApiKey, KeyRef, NewServiceAccount } from "../provider/backends/definition";
import type { OptionSamples } from "./option-samples";

/** A running service, and what a contract needs to know of it. */
export interface BackendHarness {
  /** The base URL, as in a connection's `url`. */
  readonly url: string;
  /** The admin credential, in the form of a connection's token. */
  readonly token: string;
  /**
   * A credential of the same form that the service refuses.
   *
   * @default the admin credential with other letters and digits
   */
  readonly wrongToken?: string;
  /** A credential that the service accepts but that may not make or revoke keys. */
  readonly weakToken?: string;
  /** Further fields of the connection that are known only now. */
  readonly connection?: Readonly<Record<string, unknown>>;
  /** At least two lists of scopes that give different access; left out if there are no scopes. */
  readonly scopes?: readonly (readonly string[])[];
  /** What a service account needs in addition to its name, such as a role. */
  readonly serviceAccount?: Omit<NewServiceAccount, "name">;
  /**
   * Two maps of key options that differ in each value: `[{ project: "a" }, { project: "b" }]`.
   * Keys are made with the first. Left out for options whose declaration names two values: known ones, true and false,
   * a number.
   */
  readonly keyOptions?: OptionSamples;
  /** The same for service accounts. */
  readonly accountOptions?: OptionSamples;
  /** Another role than that of `serviceAccount`, if an account's role can be changed. */
  readonly otherRole?: string;
  /** Two existing accounts, if keys belong to accounts that the backend cannot make. */
  readonly parents?: readonly [string, string];
  /**
   * A number of keys that is more than the service lists on one page, or `"no pages"`. Left out: the test that lists
   * are read to their end is reported as skipped.
   */
  readonly manyKeys?: number | "no pages";
  /** The same for service accounts. */
  readonly manyAccounts?: number | "no pages";
  /**
   * Ends of the paths of fields (`attributes.key`) whose absence says something: that a key or an account does not exist,
   * or that a list has no further page. For every other missing field the suite demands an error or the truth. Default: none.
   */
  readonly absenceFields?: readonly string[];
  /** Whether a key works, proven by a call of the service's data plane. Counts as a use of the key. */
  works?(key: IssuedApiKey, serviceAccountId: string | undefined): Promise<boolean>;
  /**
   * Disables a service account, as an administrator of the service does. Required if the backend says that keys show it
   * (`serviceAccounts.disabling: "keys"`), or that it can be undone (`serviceAccounts.enable`).
   */
  disableAccount?(id: string): Promise<void>;
  /** Disables a key by itself, as an administrator does. Required if the backend says that it can be undone (`enable`). */
  disableKey?(key: KeyRef): Promise<void>;
  /** Lets time pass for the service: on its clock if the test can move that, else by waiting. */
  advance?(ms: number): Promise<void>;
  /** Stops what `open` started. */
  close(): Promise<void>;
}

const mustOffer = "the harness must offer";

/** The error of a promise that needs a method which the harness leaves out. */
export function notOffered(method: keyof BackendHarness, why: string): Error {
  return new Error(`${mustOffer} "${method}": ${why}`);
}

/** Whether that is the message of such an error: then nobody has played the promise, and it is not broken. */
export function isNotOffered(message: string): boolean {
  return message.includes(mustOffer);
}
