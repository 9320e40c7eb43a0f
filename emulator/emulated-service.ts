import type { Answer } from "./http/answer";
import type { Fields } from "./http/fields";
import type { RateLimit, RateLimiter } from "./http/rate-limit";
import type { Call, Service } from "./http/service";
import type { OwnRecords } from "./store/own-records";
import type { KeyRecord } from "./store/records";
import type { Store } from "./store/store";

/** The credentials that a service announces, by what they may do. `adminToken` manages keys. */
export type Tokens = { readonly adminToken: string } & Readonly<Record<string, string>>;

/** What every service works on. */
export interface World {
  readonly store: Store;
  /** The emulator's clock, which tests move. */
  readonly nowMs: () => number;
}

/** A service to plug in. Everything that only one vendor has stands in that vendor's folder. */
export interface EmulatedService<Announced extends Tokens = Tokens> {
  readonly name: string;
  /** The vendor's documented base, version included. */
  readonly basePath: string;
  /** The documented rate limit. */
  readonly limit: RateLimit;
  /** False where the vendor deletes a revoked key's row. */
  readonly listsRevokedKeys: boolean;
  /** False where keys have no expiry. */
  readonly keysExpire: boolean;
  /** Draws the credentials that exist before any key is issued. */
  mintTokens(): Announced;
  /** Once for each emulator: makes the tables that only this service has. */
  prepare(): PreparedService<Announced>;
}

export interface PreparedService<Announced extends Tokens = Tokens> {
  /** What it keeps beside its keys; left out by a service that keeps nothing else. */
  readonly records?: OwnRecords;
  /** A method, and so compared loosely: a set of services is typed by what they all announce. */
  start(parts: StartParts<Announced>): Service;
  /** What tests may do to it that no vendor's API allows. */
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

/** What a service adds to the control API. */
export interface ServiceControl {
  /** Method, path and handler of routes of its own. */
  readonly routes?: readonly (readonly [method: string, path: string, handler: ControlHandler])[];
  /** Its service accounts, for `GET accounts`. */
  readonly accounts?: () => readonly Readonly<Record<string, unknown>>[];
  /** Fields that `POST keys/<service>/<id>` takes for its keys alone, and what each makes of the key. */
  readonly keyFields?: Readonly<Record<string, (key: KeyRecord, fields: Fields) => KeyRecord>>;
}
