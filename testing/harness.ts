import type { IssuedApiKey, NewServiceAccount } from "../provider/backends/definition";
import type { OptionSamples } from "./option-samples";

/** A running service, and what a contract needs to know of it. */
export interface BackendHarness {
  /** The base URL, as a connection's `url` has it. */
  readonly url: string;
  /** The admin credential, in the form in which a connection's token is written. */
  readonly token: string;
  /**
   * A credential of the same form that the service refuses.
   *
   * @default the admin credential with its letters and digits turned
   */
  readonly wrongToken?: string;
  /** A credential that the service accepts but that may not make or revoke keys. */
  readonly weakToken?: string;
  /** Further fields of the connection, where they are known only now. */
  readonly connection?: Readonly<Record<string, unknown>>;
  /** At least two lists of scopes that give different access; left out where there are no scopes. */
  readonly scopes?: readonly (readonly string[])[];
  /** What a service account needs beside its name, such as a role. */
  readonly serviceAccount?: Omit<NewServiceAccount, "name">;
  /**
   * Two maps of the backend's own inputs of keys, with another value of each: `[{ project: "a" }, { project: "b" }]`. Keys are
   * made with the first. Left out for options whose declaration names two values: known ones, true and false, a number.
   */
  readonly keyOptions?: OptionSamples;
  /** The same for service accounts. */
  readonly accountOptions?: OptionSamples;
  /** Another role than that of `serviceAccount`, where an account's role can be changed. */
  readonly otherRole?: string;
  /** Two accounts that exist already, where keys live under accounts that the backend cannot make. */
  readonly parents?: readonly [string, string];
  /**
   * A number of keys that is more than the service lists on one page, or `"no pages"`. Left out: that lists are read to their end
   * is reported as skipped.
   */
  readonly manyKeys?: number | "no pages";
  /** The same for service accounts. */
  readonly manyAccounts?: number | "no pages";
  /**
   * Ends of the paths of fields (`attributes.key`) that say by being left out that a key or an account is not there. Of every
   * other field that is missing, the suite demands an error or the truth. Default: none.
   */
  readonly absenceFields?: readonly string[];
  /** Whether a key opens the service's own door: the proof, on the data plane, that it lives. Counts as a use of it. */
  works?(key: IssuedApiKey, serviceAccountId: string | undefined): Promise<boolean>;
  /**
   * Disables a service account, as an administrator of the service does. Demanded where the backend says that its keys tell
   * of that (`serviceAccounts.disabling: "keys"`).
   */
  disableAccount?(id: string): Promise<void>;
  /** Lets time pass for the service: on its clock where it has one, by waiting where it has none. */
  advance?(ms: number): Promise<void>;
  /** Stops what `open` has started. */
  close(): Promise<void>;
}
