import { looksSecret, quoted } from "../inert";
import { freeText, isHidden, secretInputs, secretOutputs, unknownValue } from "../resource-facts";
import { sha256 } from "../sha256";
import { isRecord, type ResourceState } from "../preview-form";
import type { ResourceChange } from "../stack-change";
import { isKey, type Unit } from "../units";
import type { Problem, Rule, RuleContext } from "./rule";

/**
 * Finds secrets that were never seen, in three ways: by the shape of known credentials; by the fingerprint that a key's
 * own resource publishes (exact, wherever the value appears); and, in text that people write, by its randomness. The
 * value itself never leaves this file.
 */
export const exposedSecret: Rule = {
  id: "SR016",
  title: "secret-looking value in the clear",
  level: "block",
  needs: "command",
  help: "Treat the value as leaked: rotate the key. Then pass it as a secret output, without `unsecret` or string building outside `apply`.",
  check: (context) => {
    const search = new Search(context);
    return [...context.units.flatMap((unit) => search.ours(unit)), ...search.others(), ...search.messages()];
  },
};

class Search {
  readonly #context: RuleContext;
  readonly #owners = new Map<string, string>();
  readonly #ours: ReadonlySet<string>;
  readonly #keys: ReadonlySet<string>;
  /** Most texts of a stack repeat: connections, backends, labels. */
  readonly #shapes = new Map<string, boolean>();

  constructor(context: RuleContext) {
    this.#context = context;
    for (const unit of context.units) {
      for (const fingerprint of [unit.before?.facts.fingerprint, unit.after?.facts.fingerprint]) {
        if (fingerprint !== undefined && /^[0-9a-f]{16}$/.test(fingerprint)) this.#owners.set(fingerprint, unit.name);
      }
    }
    this.#ours = new Set(context.units.map(({ urn }) => urn));
    this.#keys = new Set(context.units.filter(isKey).map(({ urn }) => urn));
  }

  /** Checks our own resources: everything except the secret outputs must look harmless. */
  ours(unit: Unit): Problem[] {
    const { before, after } = unit;
    if (!after) return [];
    const { inputs, outputs } = after.state;
    const past = before?.state;
    const found = new Map<string, string>();
    const look = (place: string, name: string, value: unknown): void => {
      if (name === "__provider" || found.has(name)) return;
      const shows = mustHide.has(name)
        ? isReadable(value)
        : this.#reveals(value, written.has(name)) || (name === "adopt" && showsSecret(value));
      if (shows) found.set(name, place);
    };
    for (const name of Object.keys(inputs)) look("input", name, inputs[name]);
    for (const name of Object.keys(outputs)) look("output", name, outputs[name]);
    // The service's answers are in the old state. Those that repeat old inputs belong to the past.
    for (const name of Object.keys(past?.outputs ?? {})) {
      if (past && !Object.hasOwn(inputs, name) && !Object.hasOwn(past.inputs, name))
        look("output", name, past.outputs[name]);
    }
    return [...found].map(([name, place]) => ({
      urn: unit.urn,
      subject: name,
      location: unit.location,
      message: `has a secret-looking value in the clear in its ${place} ${quoted(name)}`,
    }));
  }

  /**
   * Checks all other resources: a key's own value anywhere, and credential shapes where a key is passed in or the stack
   * exports it.
   */
  others(): Problem[] {
    const { changes, projectFile } = this.#context;
    return changes.flatMap((change) => {
      const { urn, after } = change;
      if (!after || this.#ours.has(urn)) return [];
      return [...this.#exposedIn(change, after)].map(([name, message]) => ({
        urn,
        subject: name,
        location: projectFile,
        message,
      }));
    });
  }

  /** Values that a foreign resource shows in clear, by property name. */
  #exposedIn({ urn, before }: ResourceChange, after: ResourceState): Map<string, string> {
    const isStack = urn === this.#context.stackUrn;
    const problems = new Map<string, string>();
    for (const place of ["inputs", "outputs"] as const) {
      const old = before?.[place] ?? {};
      // The engine's preview has the stack's outputs only in its old state.
      const values = isStack ? { ...old, ...after[place] } : after[place];
      for (const name of Object.keys(values)) {
        if (name === "__provider") continue;
        // A value that is not known yet most likely stays as it was; one that is now masked is fixed.
        const value = values[name] === unknownValue ? old[name] : values[name];
        const isPassed = isStack || sourcesOf(after, name).some((source) => this.#keys.has(source));
        const found = this.#exposed(value, isPassed);
        // A key's own secret says more than a shape.
        if (found === undefined || (found === shapeWords && problems.has(name))) continue;
        problems.set(name, `has ${found} in the clear in ${isStack ? "its output" : "its"} ${quoted(name)}`);
      }
    }
    return problems;
  }

  #exposed(value: unknown, isPassed: boolean): string | undefined {
    if (isHidden(value)) return undefined;
    const owner = this.#ownerOf(value);
    if (owner !== undefined) return `the secret of ${quoted(owner)}`;
    return isPassed && this.#reveals(value, false) ? shapeWords : undefined;
  }

  messages(): Problem[] {
    const { diagnostics, config, stackUrn, projectFile } = this.#context;
    const problems: Problem[] = [];
    if (diagnostics.some(({ message }) => looksSecret(message))) {
      problems.push({
        urn: stackUrn,
        subject: "diagnostic",
        location: projectFile,
        message: "a message of the preview quotes a secret-looking value; the job's log has it too",
      });
    }
    for (const [name, value] of Object.entries(config)) {
      if (this.#reveals(value, false)) {
        problems.push({
          urn: stackUrn,
          subject: `config ${name}`,
          location: projectFile,
          message: `the stack's config has a secret-looking value in the clear in ${quoted(name)}`,
        });
      }
    }
    return problems;
  }

  #reveals(value: unknown, isWritten: boolean): boolean {
    if (typeof value === "string") return !isHidden(value) && this.#revealsInText(value, isWritten);
    return someText(value, (text) => this.#revealsInText(text, isWritten));
  }

  #revealsInText(text: string, isWritten: boolean): boolean {
    if (text.length < 12) return false;
    const known = this.#shapes.get(text);
    const shaped = known ?? showsCredential(text);
    if (known === undefined) this.#shapes.set(text, shaped);
    return shaped || (isWritten && (looksRandom(text) || this.#ownerOfText(text) !== undefined));
  }

  #ownerOf(value: unknown): string | undefined {
    let owner: string | undefined;
    if (this.#owners.size > 0) someText(value, (text) => (owner = this.#ownerOfText(text)) !== undefined);
    return owner;
  }

  /** The fingerprint is the beginning of the secret's SHA-256, which no other text has. */
  #ownerOfText(text: string): string | undefined {
    if (text.length < 16 || text.length > 4_096 || this.#owners.size === 0) return undefined;
    return this.#owners.get(sha256(text).slice(0, 16));
  }
}

/** The secret of an adopted key has to be one, whatever its shape. */
function showsSecret(adopt: unknown): boolean {
  return isRecord(adopt) && isReadable(adopt.secret);
}

const shapeWords = "a secret-looking value";
const mustHide: ReadonlySet<string> = new Set([...secretInputs, ...secretOutputs]);
const written: ReadonlySet<string> = new Set(freeText);

/** The hint with which a vendor's page shows a key: its beginning, an ellipsis, its end. */
const mask = /\b\w{1,20}(?:…|\.{3}|\*{3,})\w{0,8}\b/g;

/** True if a text contains a credential of a known shape; a vendor's hint does not count. */
export function showsCredential(text: string): boolean {
  return otherShapes.test(text) || (looksSecret(text) && looksSecret(text.replace(mask, "")));
}

/** Credentials of other vendors that end up in the wrong field. */
const otherShapes =
  /-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|AKIA)[A-Za-z0-9_-]{12,}/;

/** True for a long word of letters in both cases and digits that does not look like language. */
export function looksRandom(text: string): boolean {
  return (text.match(/[A-Za-z0-9_+/=-]{24,}/g) ?? []).some((word) => {
    const digits = word.replace(/[^0-9]/g, "").length;
    return digits >= 3 && /[a-z]/.test(word) && /[A-Z]/.test(word) && bitsPerCharacter(word) >= 4;
  });
}

function bitsPerCharacter(word: string): number {
  const counts = new Map<string, number>();
  for (const character of word) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((bits, count) => bits - (count / word.length) * Math.log2(count / word.length), 0);
}

function isReadable(value: unknown): boolean {
  return typeof value === "string" && value !== "" && !isHidden(value);
}

/** True if any text inside the value passes the test. Masked and unknown values have none. A preview's depth is limited. */
function someText(value: unknown, test: (text: string) => boolean): boolean {
  if (typeof value === "string") return !isHidden(value) && test(value);
  if (typeof value !== "object" || value === null || isHidden(value)) return false;
  for (const name of Object.keys(value)) {
    if (test(name) || someText((value as Record<string, unknown>)[name], test)) return true;
  }
  return false;
}

/** The resources that a property comes from. A program may call it `constructor`, which every object has. */
function sourcesOf({ propertyDependencies }: ResourceState, name: string): readonly string[] {
  return (Object.hasOwn(propertyDependencies, name) ? propertyDependencies[name] : undefined) ?? [];
}
