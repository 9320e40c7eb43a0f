/** The credential that a connection runs on: which key it is, and what takes its place when that key ends. */
import type { Caller } from "../backends/definition";
import { ConfigError } from "../errors";
import { fingerprintOf } from "../values/fingerprint";

/** What of a key is a credential. */
export interface KeySecrets {
  readonly secret?: string | undefined;
  /** The public half of a pair. */
  readonly accessId?: string | undefined;
}

/** Texts of credentials that a run has replaced, in this order: its settings still name the old ones. */
export type Replacements = (readonly [before: string, now: string])[];

/** All classes of resources share them, each of which has connections of its own. */
const ofThisProcess: Replacements = [];

/** A shorter text may be a part of any credential. */
const tellingLength = 8;

interface Surroundings {
  readonly read: () => Promise<string>;
  readonly ask: () => Promise<Caller | undefined> | undefined;
  /** The credential is a key's secret and nothing else. */
  readonly isWhole: boolean;
  /** Called when another credential is to be sent: a session that began with the one before proves nothing of it. */
  readonly changed?: (() => void) | undefined;
  /** Default: those of this process. */
  readonly replaced?: Replacements | undefined;
}

export class OwnCredential {
  readonly #read: () => Promise<string>;
  readonly #ask: () => Promise<Caller | undefined> | undefined;
  readonly #isWhole: boolean;
  readonly #changed: () => void;
  readonly #replaced: Replacements;
  #told: { readonly by: string; readonly caller: Promise<Caller | undefined> } | undefined;

  constructor({ read, ask, isWhole, changed = () => undefined, replaced = ofThisProcess }: Surroundings) {
    this.#read = read;
    this.#ask = ask;
    this.#isWhole = isWhole;
    this.#changed = changed;
    this.#replaced = replaced;
  }

  /** The credential to send. */
  async token(): Promise<string> {
    return this.#replaced.reduce((token, [before, now]) => token.replaceAll(before, () => now), await this.#read());
  }

  /** True if the credential is this secret, or contains it as a pair does. Sends nothing. */
  async holds(secret: string): Promise<boolean> {
    if (secret.length < tellingLength) return false;
    try {
      return (await this.token()).includes(secret);
    } catch (error) {
      // Whoever needs the credential will say that there is none.
      if (error instanceof ConfigError) return false;
      throw error;
    }
  }

  /** The secret with this fingerprint, if the credential is that secret, or a pair with it. Sends nothing. */
  async secretOf(fingerprint: string): Promise<string | undefined> {
    try {
      const token = await this.token();
      return [token, token.slice(token.indexOf(":") + 1)].find((secret) => fingerprintOf(secret) === fingerprint);
    } catch (error) {
      if (error instanceof ConfigError) return undefined;
      throw error;
    }
  }

  /** Who the service says we are: asked once for each credential. */
  async caller(): Promise<Caller | undefined> {
    const by = fingerprintOf(await this.token());
    if (this.#told?.by !== by) this.#told = { by, caller: Promise.resolve(this.#ask()) };
    const { caller } = this.#told;
    // A failed answer is no answer for the next one.
    caller.catch(() => (this.#told = undefined));
    return caller;
  }

  /**
   * From now on this process sends the new key in place of its own. Returns how to take that back; undefined where the place
   * of the old secret in the credential is not known.
   */
  async succeed(before: KeySecrets, now: KeySecrets): Promise<(() => void) | undefined> {
    const { secret = this.#isWhole ? await this.token() : undefined } = before;
    if (secret === undefined || now.secret === undefined) return undefined;
    const accessId = before.accessId ?? accessIdIn(await this.token(), secret);
    const replacements: Replacements = [
      [inPair({ accessId }, secret), inPair(now, now.secret)],
      [secret, now.secret],
    ];
    this.#replaced.push(...replacements);
    this.#changed();
    return () => {
      for (const each of replacements) this.#replaced.splice(this.#replaced.indexOf(each), 1);
      this.#changed();
    };
  }
}

/** The public half, which the record of an older key does not have. */
function accessIdIn(token: string, secret: string): string | undefined {
  return token.endsWith(`:${secret}`) ? token.slice(0, -secret.length - 1) : undefined;
}

/** As a credential of two halves is written. */
function inPair({ accessId = "" }: KeySecrets, secret: string): string {
  return `${accessId}:${secret}`;
}
