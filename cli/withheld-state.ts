/** Copies a state without its secrets. */
import { createHash } from "node:crypto";
import { showsCredential } from "../review/rules/exposed-secret";
import { usageFailure } from "./command";
import { placeholder, throwAwayProvider } from "./withheld-secrets";

/** The engine's mark for a value that is more than its JSON: sdk/go/common/resource/sig. */
const signature = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

/** Replaces clear text that looks like a secret. */
const blank = "[withheld]";

export interface WithheldState {
  readonly state: unknown;
  /** The number of encrypted values that were replaced by a placeholder. */
  readonly withheld: number;
  /** Where clear text looked like a secret: the resource, and the property's path. */
  readonly blanked: readonly string[];
}

/**
 * A state (the output of `pulumi stack export`) in which a placeholder under the throw-away passphrase replaces every
 * encrypted value. Everything else stays, so a preview against the copy plans the same as one against the state. Only
 * clear text that has a credential's shape, or whose fingerprint is that of a key's secret, is blanked.
 *
 * @throws CommandFailure if the state is not one, or contains secrets in clear
 */
export function withholdSecrets(state: unknown): WithheldState {
  const deployment = isRecord(state) ? state.deployment : undefined;
  if (!isRecord(state) || !isRecord(deployment))
    throw usageFailure("This is not a state: give the output of `pulumi stack export`.");
  const walk = new Walk(fingerprintsIn(state));
  const copy = walk.record(state, "") as { deployment: Record<string, unknown> };
  if (deployment.secrets_providers !== undefined || walk.withheld > 0)
    copy.deployment.secrets_providers = { type: "passphrase", state: { salt: throwAwayProvider().salt } };
  return { state: copy, withheld: walk.withheld, blanked: walk.blanked };
}

class Walk {
  withheld = 0;
  readonly blanked: string[] = [];

  readonly #fingerprints: ReadonlySet<string>;

  constructor(fingerprints: ReadonlySet<string>) {
    this.#fingerprints = fingerprints;
  }

  /** `place` names the value for messages. */
  value(value: unknown, place: string): unknown {
    if (typeof value === "string") return this.#text(value, place);
    if (Array.isArray(value)) return value.map((each, index) => this.value(each, `${place}[${index}]`));
    if (!isRecord(value)) return value;
    return value[signature] === secretSignature ? this.#secret(value, place) : this.record(value, place);
  }

  record(value: Readonly<Record<string, unknown>>, place: string): Record<string, unknown> {
    const here = typeof value.urn === "string" ? value.urn : place;
    return Object.fromEntries(
      Object.entries(value).map(([name, each], index) => {
        // Nothing that the state's own key could open is left, and a cloud provider's details do not belong in a copy.
        if (name === "secrets_providers" && place === "deployment") return [name, null];
        const shown = this.#text(name, `${here}: the name of property ${index + 1}`);
        return [shown === name ? name : `${shown} ${index + 1}`, this.value(each, joined(here, shown))];
      }),
    );
  }

  #secret(value: Readonly<Record<string, unknown>>, place: string): unknown {
    if (value.plaintext !== undefined)
      throw usageFailure(
        `The state holds secrets in the clear (${place}); export it again without --show-secrets, and delete this file.`,
      );
    this.withheld += 1;
    // In a state, the encrypted text is the value's JSON.
    return { [signature]: secretSignature, ciphertext: throwAwayProvider().encrypt(JSON.stringify(placeholder)) };
  }

  #text(text: string, place: string): string {
    const isSecret =
      // An encrypted value inside a text, such as a state that a program read.
      text.includes(secretSignature) || showsCredential(text) || this.#fingerprints.has(fingerprintOf(text));
    if (!isSecret) return text;
    if (text.startsWith("urn:pulumi:"))
      throw usageFailure("The name of a resource looks like a secret. Rename the resource: names are public.");
    this.blanked.push(place);
    return blank;
  }
}

function joined(place: string, name: string): string {
  if (place === "") return name;
  return place.startsWith("urn:pulumi:") && !place.includes(": ") ? `${place}: ${name}` : `${place}.${name}`;
}

/** Each key's own resource has the beginning of its secret's SHA-256 in clear. */
/** Deeper than the outputs of any program. */
const deepest = 500;

/** Walks the whole state, before anything else does. */
function fingerprintsIn(value: unknown, found = new Set<string>(), depth = 0): Set<string> {
  if (typeof value !== "object" || value === null) return found;
  if (depth > deepest)
    throw usageFailure(`This state is nested deeper than ${deepest} levels, so no copy of it was made.`);
  for (const [name, each] of Object.entries(value)) {
    if (name === "fingerprint" && typeof each === "string" && /^[0-9a-f]{16}$/.test(each)) found.add(each);
    else fingerprintsIn(each, found, depth + 1);
  }
  return found;
}

function fingerprintOf(text: string): string {
  return text.length < 16 ? "" : createHash("sha256").update(text).digest("hex").slice(0, 16);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
