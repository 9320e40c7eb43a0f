import { AsyncLocalStorage } from "node:async_hooks";
import { publishedParts } from "./secret-shapes";
import { SecretWindows } from "./secret-windows";

/**
 * The secrets that this process has seen: admin credentials, sessions, the keys of the resources it works
 * on, and what the answers to its creates look like. What leaves the process is compared with all of
 * them, whichever resource it is about. They are kept in memory alone, and no more of them than can
 * matter to what runs just now.
 */
class SecretMemory {
  /** Oldest first; what each must not be found in is built when an error is told. */
  readonly #secrets = new Map<string, readonly string[]>();
  #characters = 0;
  #built = new SecretWindows();
  #waiting: string[] = [];
  readonly #most: number;

  /** @param most - characters of all secrets together */
  constructor(most: number) {
    this.#most = most;
  }

  remember(secret: string, parts: readonly string[]): void {
    if (secret === "") return;
    const known = this.#secrets.delete(secret);
    this.#secrets.set(secret, parts);
    if (known) return;
    this.#characters += secret.length;
    this.#waiting.push(...parts);
    if (this.#characters > this.#most) this.#forgetOldest();
  }

  windows(): SecretWindows {
    for (const part of this.#waiting) this.#built.add(part);
    this.#waiting = [];
    return this.#built;
  }

  forget(): void {
    this.#secrets.clear();
    this.#characters = 0;
    this.#waiting = [];
    this.#built = new SecretWindows();
  }

  /** Half of them at once: each time all that is built is built anew. */
  #forgetOldest(): void {
    for (const secret of [...this.#secrets.keys()].slice(0, -1)) {
      if (this.#characters <= this.#most / 2) break;
      this.#secrets.delete(secret);
      this.#characters -= secret.length;
    }
    this.#built = new SecretWindows();
    this.#waiting = [...this.#secrets.values()].flat();
  }
}

/** Characters of all secrets together: some 1 600 keys, whose pieces take about 25 MB. */
const most = 64 * 1024;
/** What no message holds a part of. */
const printed = new SecretMemory(most);
/** What no clear field holds a part of: the same without what services publish of their keys. */
const stored = new SecretMemory(most);
/** The admin credentials alone: few, so that eight characters of one stand nowhere by chance. */
const credentials = new SecretMemory(most);
/** The secrets of the resource that the call at hand is about. */
const own = new AsyncLocalStorage<SecretWindows>();
/** Of all other secrets of the process: fewer characters in a row are chance, where there are a thousand of them. */
const leastOfOthers = 12;

/** Keeps secrets out of every message, and out of what is stored in clear, from now on. */
export function rememberSecrets(...secrets: readonly string[]): void {
  for (const secret of secrets) {
    printed.remember(secret, [secret]);
    stored.remember(secret, withoutPublished(secret));
  }
}

/** Runs what is about these secrets: no clear field of it holds eight characters of one. */
export function aboutSecrets<Result>(secrets: readonly string[], run: () => Result): Result {
  rememberSecrets(...secrets);
  return own.run(windowsOf(...secrets), run);
}

/** The pieces of secrets that a clear field must not hold. */
export function windowsOf(...secrets: readonly string[]): SecretWindows {
  const windows = new SecretWindows();
  for (const part of secrets.flatMap(withoutPublished)) windows.add(part);
  return windows;
}

/** The same for an admin credential; of one that logs in as `user:password` the user alone is no secret. */
export function rememberCredential(credential: string, logsIn: boolean): void {
  const colon = logsIn ? credential.indexOf(":") : -1;
  if (colon < 1 || colon === credential.length - 1) {
    rememberSecrets(credential);
    credentials.remember(credential, withoutPublished(credential));
    return;
  }
  // Of the user no more than what makes no piece without the password.
  const pair = credential.slice(Math.max(0, colon - 6));
  const password = credential.slice(colon + 1);
  const basic = Buffer.from(credential).toString("base64");
  printed.remember(credential, [pair, password, basic]);
  stored.remember(credential, [password, basic]);
  credentials.remember(credential, [password, basic]);
}

/** Keeps what may be a secret out of messages alone: a guess must not make an id of a key look exposed. */
export function rememberSuspects(...suspects: readonly string[]): void {
  for (const suspect of suspects) printed.remember(suspect, [suspect]);
}

/** As in a new process: for the contract suite, which must see what a backend itself fails to name. */
export function forgetSecrets(): void {
  printed.forget();
  stored.forget();
  credentials.forget();
}

/** What no message may hold a part of. */
export function knownWindows(): SecretWindows {
  return printed.windows();
}

/**
 * True for a text that must not be stored in clear: it holds eight characters of a secret of its own resource or of an
 * admin credential, or a longer part of any other secret that this process knows.
 *
 * @param issued - the pieces of a secret that has just been issued
 */
export function holdsSecret(text: string, issued?: SecretWindows): boolean {
  return (
    issued?.isHeldBy(text) === true ||
    own.getStore()?.isHeldBy(text) === true ||
    credentials.windows().isHeldBy(text) ||
    stored.windows().isHeldBy(text, leastOfOthers)
  );
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
