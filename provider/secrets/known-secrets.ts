import { AsyncLocalStorage } from "node:async_hooks";
import { windowLength } from "./redact-readings";
import { publishedParts } from "./secret-shapes";
import { SecretWindows } from "./secret-windows";

/** A header could not carry a longer secret. */
const longestSecret = 16 * 1024;

/** Secrets that were seen or used in one stretch of work. */
class Generation {
  readonly #secrets = new Set<string>();
  readonly #windows = new SecretWindows();
  #waiting: string[] = [];
  #characters = 0;

  get characters(): number {
    return this.#characters;
  }

  has(secret: string): boolean {
    return this.#secrets.has(secret);
  }

  add(secret: string, parts: readonly string[]): void {
    this.#secrets.add(secret);
    this.#characters += secret.length;
    this.#waiting.push(...parts);
  }

  /** The pieces of each secret are built once, when somebody first asks. */
  windows(): SecretWindows {
    for (const part of this.#waiting) this.#windows.add(part);
    this.#waiting = [];
    return this.#windows;
  }
}

/**
 * The secrets that this process has seen: admin credentials, sessions, the keys of its resources, and what looks like a
 * secret in the answers to its creates. All text that leaves the process is compared with all of them, whatever
 * resource it is about. They exist only in memory, and only as many as can matter to the current work: a generation
 * that is full becomes the earlier one, and the one before is forgotten as a whole.
 */
class SecretMemory {
  #current = new Generation();
  #earlier = new Generation();
  readonly #most: number;

  /** @param most - limit on the characters of all secrets together */
  constructor(most: number) {
    this.#most = most;
  }

  remember(whole: string, wholeParts: readonly string[]): void {
    // A longer text must not push out what is known.
    const secret = whole.slice(0, longestSecret);
    const parts = whole === secret ? wholeParts : [secret];
    if (secret === "" || this.#current.has(secret)) return;
    if (this.#current.characters + secret.length > this.#most / 2) {
      this.#earlier = this.#current;
      this.#current = new Generation();
    }
    this.#current.add(secret, parts);
  }

  windows(): readonly SecretWindows[] {
    return [this.#current.windows(), this.#earlier.windows()];
  }

  forget(): void {
    this.#current = new Generation();
    this.#earlier = new Generation();
  }
}

/** Limit on the characters of all secrets together: about 1,600 keys, whose pieces take about 25 MB. */
const most = 64 * 1024;
/** No message contains a part of these. */
const printed = new SecretMemory(most);
/** No clear field contains a part of these: the same without the parts of keys that services publish. */
const stored = new SecretMemory(most);
/** Only the admin credentials. They are few, so eight characters of one do not appear by chance. */
const credentials = new SecretMemory(most);
/** What only looks like a secret. It has a memory of its own, because a service could fill it with anything. */
const suspected = new SecretMemory(most);
/** So long that all suspects of one answer fit into what that memory keeps when it is full. */
const longestSuspect = 1_000;
/** The secrets of the resource that the current call is about. Most calls never compare anything with them. */
const own = new AsyncLocalStorage<() => SecretWindows>();
/** The limit for all other secrets of the process: among a thousand of them, a shorter match is chance. */
const leastOfOthers = 12;

/** From now on, keeps the secrets out of every message and out of everything stored in clear. */
export function rememberSecrets(...secrets: readonly string[]): void {
  for (const secret of secrets) {
    printed.remember(secret, [secret]);
    stored.remember(secret, withoutPublished(secret));
  }
}

/** Runs work on a resource with these secrets: none of its clear fields may contain eight characters of one. */
export function aboutSecrets<Result>(secrets: readonly string[], run: () => Result): Result {
  rememberSecrets(...secrets);
  let windows: SecretWindows | undefined;
  return own.run(() => (windows ??= windowsOf(...secrets)), run);
}

/** The pieces of secrets that a clear field must not hold. */
export function windowsOf(...secrets: readonly string[]): SecretWindows {
  const windows = new SecretWindows();
  for (const part of secrets.flatMap(withoutPublished)) windows.add(part);
  return windows;
}

/** The same for an admin credential. In a login `user:password` the user alone is not a secret. */
export function rememberCredential(credential: string, logsIn: boolean): void {
  const colon = logsIn ? credential.indexOf(":") : -1;
  if (colon < 1 || colon === credential.length - 1) {
    rememberSecrets(credential);
    credentials.remember(credential, withoutPublished(credential));
    return;
  }
  // Only so much of the user name that no piece lacks the password.
  const pair = credential.slice(Math.max(0, colon - 6));
  const password = credential.slice(colon + 1);
  const basic = Buffer.from(credential).toString("base64");
  printed.remember(credential, [pair, password, basic]);
  stored.remember(credential, [password, basic]);
  credentials.remember(credential, [password, basic]);
}

/** Keeps possible secrets out of messages only: a guess must not make a key's id look exposed. */
export function rememberSuspects(...suspects: readonly string[]): void {
  for (const suspect of suspects)
    suspected.remember(suspect.slice(0, longestSuspect), [suspect.slice(0, longestSuspect)]);
}

/** Resets to the state of a new process, for the contract suite: it must see which secrets a backend fails to name. */
export function forgetSecrets(): void {
  printed.forget();
  stored.forget();
  credentials.forget();
  suspected.forget();
}

/** The pieces that no message may contain. */
export function knownWindows(): readonly SecretWindows[] {
  // The credentials stand here once more, because very many keys could push them out of the other memory.
  return [printed, credentials, suspected].flatMap((memory) => memory.windows());
}

/**
 * True for a text that must not be stored in clear: it contains eight characters of a secret of its own resource or of
 * an admin credential, or a longer part of any other known secret.
 *
 * @param issued - the pieces of a secret that has just been issued
 */
export function holdsSecret(text: string, issued?: SecretWindows): boolean {
  const near = [issued, own.getStore()?.(), ...credentials.windows()].filter((windows) => windows !== undefined);
  return SecretWindows.areHeldBy(text, [
    ...near.map((windows) => ({ windows, least: windowLength })),
    ...stored.windows().map((windows) => ({ windows, least: leastOfOthers })),
  ]);
}

function withoutPublished(secret: string): string[] {
  const parts: string[] = [];
  let from = 0;
  for (const [start, end] of publishedParts(secret)) {
    parts.push(secret.slice(from, start));
    from = end;
  }
  return [...parts, secret.slice(from)].filter((part) => part !== "");
}
