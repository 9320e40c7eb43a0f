/** The credential that a connection runs on: which key it is, and its replacement when that key ends. */
import type { Caller, Capabilities } from "../backends/definition";
import { ConfigError } from "../errors";
import { hasShape } from "../secrets/secret-shapes";
import { fingerprintOf } from "../values/fingerprint";

/** The parts of a key that a credential consists of. */
export interface KeySecrets {
  readonly secret?: string | undefined;
  /** The public half of a pair. */
  readonly accessId?: string | undefined;
}

/** The credentials that this run has replaced, in order: the settings still name the old ones. */
export type Replacements = (readonly [before: string, now: string])[];

/** Shared by all classes of resources, because each class has its own connections. */
const ofThisProcess: Replacements = [];

/** A shorter text may be a part of any credential. */
const tellingLength = 8;

interface Surroundings {
  readonly read: () => Promise<string>;
  readonly ask: () => Promise<Caller | undefined> | undefined;
  /** True if the credential is a key's secret and nothing else. */
  readonly isWhole: boolean;
  /** Called when the credential changes: a session with the old one proves nothing about the new one. */
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
      // The call that needs the credential reports that there is none.
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

  /**
   * Whether the credential names a key by its id, as some do: `SG.<id>.<secret>`, or the public half of a pair. Undefined if it names
   * none, but looks as a key does.
   */
  async names(
    id: string,
    { form, shape }: Pick<Capabilities["secret"], "form" | "shape">,
  ): Promise<boolean | undefined> {
    const token = await this.token();
    if (token.split(/[.:|]/).includes(id)) return true;
    const tellsId = form === "pair" || shape?.includes("(?<id>") === true;
    const looksLikeKey =
      shape === undefined || hasShape(token.slice(token.indexOf(":") + 1), shape) || hasShape(token, shape);
    return tellsId || !looksLikeKey ? false : undefined;
  }

  /** Who the service says we are. Asks once for each credential. */
  async caller(): Promise<Caller | undefined> {
    const by = fingerprintOf(await this.token());
    if (this.#told?.by !== by) this.#told = { by, caller: Promise.resolve(this.#ask()) };
    const { caller } = this.#told;
    // After a failure the next call asks again.
    caller.catch(() => (this.#told = undefined));
    return caller;
  }

  /**
   * Makes this process send the new key instead of its own. Returns a function that undoes it; undefined if it is unknown
   * where in the credential the old secret is.
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

/** Public half and secret, as a credential contains a pair. */
function inPair({ accessId = "" }: KeySecrets, secret: string): string {
  return `${accessId}:${secret}`;
}
