import type { Answer } from "./http/answer";
import type { Fields } from "./http/fields";
import type { RateLimit, RateLimiter } from "./http/rate-limit";
import type { Call, Service } from "./http/service";
import type { OwnRecords } from "./store/own-records";
import type { KeyRecord } from "./store/records";
import type { Store } from "./store/store";

/** The credentials that a service announces, named by what they may do. `adminToken` manages keys. */
export type Tokens = { readonly adminToken: string } & Readonly<Record<string, string>>;

/** The data and the clock of every service. */
export interface World {
  readonly store: Store;
  /** The emulator's clock, which tests move. */
  readonly nowMs: () => number;
}

/** A service to plug in. Everything that only one vendor has is in that vendor's folder. */
export interface EmulatedService<Announced extends Tokens = Tokens> {
  readonly name: string;
  /** The vendor's documented base path, version included. */
  readonly basePath: string;
  /** The documented rate limit. */
  readonly limit: RateLimit;
  /** False if the vendor deletes the record of a revoked key. */
  readonly listsRevokedKeys: boolean;
  /** False if keys never expire. */
  readonly keysExpire: boolean;
  /** Generates the credentials that exist before any key is issued. */
  newTokens(): Announced;
  /** Called once per emulator: creates the tables that only this service has. */
  prepare(): PreparedService<Announced>;
}

export interface PreparedService<Announced extends Tokens = Tokens> {
  /** Its records besides keys; left out if it has no others. */
  readonly records?: OwnRecords;
  /**
   * A method, so that its parameters are compared loosely: the type of a set of services covers what they all announce.
   */
  start(parts: StartParts<Announced>): Service;
  /** What tests may do to it although no vendor's API allows it. */
  readonly control?: (parts: ControlParts) => ServiceControl;
}

export interface StartParts<Announced extends Tokens = Tokens> {
  readonly world: World;
  readonly tokens: Announced;
  readonly limiter: RateLimiter;
}

export interface ControlParts {
  readonly world: World;
  /** An error in the control API's own form. */
  readonly problem: (status: number, message: string) => Answer;
}

export type ControlHandler = (call: Call, first: string, second: string) => Answer;

/** A service's additions to the control API. */
export interface ServiceControl {
  /** Method, path and handler of its own routes. */
  readonly routes?: readonly (readonly [method: string, path: string, handler: ControlHandler])[];
  /** Its service accounts, for `GET accounts`. */
  readonly accounts?: () => readonly Readonly<Record<string, unknown>>[];
  /** Fields that only its keys have in `POST keys/<service>/<id>`, and how each changes the key. */
  readonly keyFields?: Readonly<Record<string, (key: KeyRecord, fields: Fields) => KeyRecord>>;
}
