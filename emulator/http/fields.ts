import { parseInstantMs } from "./instants";

/** One field of a request is wrong. `problem` is a predicate: "is required", "must be a string". */
export class InvalidField extends Error {
  override readonly name = "InvalidField";

  constructor(
    readonly field: string,
    readonly problem: string,
  ) {
    super(`${field} ${problem}`);
  }
}

/** Reads an object of a body or a query string with types. Every method throws InvalidField. */
export class Fields {
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(input: unknown) {
    if (typeof input !== "object" || input === null || Array.isArray(input)) {
      throw new InvalidField("body", "must be a JSON object");
    }
    this.#fields = input as Record<string, unknown>;
  }

  static parse(text: string): Fields {
    let input: unknown;
    try {
      input = JSON.parse(text);
    } catch {
      throw new InvalidField("body", "is not valid JSON");
    }
    return new Fields(input);
  }

  static ofQuery(query: URLSearchParams): Fields {
    return new Fields(Object.fromEntries(query));
  }

  has(field: string): boolean {
    return Object.hasOwn(this.#fields, field);
  }

  /** Refuses unknown fields: a misspelled one would otherwise silently do nothing. */
  allowOnly(...fields: readonly string[]): void {
    for (const field of Object.keys(this.#fields)) {
      if (!fields.includes(field)) throw new InvalidField(field, `is not a known field (${fields.join(", ")})`);
    }
  }

  value(field: string): unknown {
    return this.has(field) ? this.#fields[field] : undefined;
  }

  /** A non-empty line of text without control characters. */
  text(field: string, maxLength = 255): string {
    const value = this.value(field);
    if (value === undefined || value === null || value === "") throw new InvalidField(field, "is required");
    if (typeof value !== "string") throw new InvalidField(field, "must be a string");
    if (value.length > maxLength) throw new InvalidField(field, `must not be longer than ${maxLength} characters`);

    if (/[\u0000-\u001f\u007f]/.test(value)) throw new InvalidField(field, "must not contain control characters");
    return value;
  }

  oneOf<const T extends string>(field: string, choices: readonly T[]): T {
    const value = this.text(field);
    const choice = choices.find((candidate) => candidate === value);
    if (choice === undefined) throw new InvalidField(field, `must be one of ${choices.join(", ")}`);
    return choice;
  }

  /** A list of strings in the given order, without repeats. */
  textList(field: string): string[] {
    const value = this.value(field);
    if (value === undefined || value === null) throw new InvalidField(field, "is required");
    if (!Array.isArray(value) || !value.every((item): item is string => typeof item === "string")) {
      throw new InvalidField(field, "must be a list of strings");
    }
    return [...new Set(value)];
  }

  /** A non-empty selection from a closed list. */
  selection(field: string, choices: readonly string[]): string[] {
    const selected = this.textList(field);
    if (selected.length === 0) throw new InvalidField(field, "must not be empty");
    const unknown = selected.find((item) => !choices.includes(item));
    if (unknown !== undefined)
      throw new InvalidField(field, `must not hold ${JSON.stringify(unknown)}, which is unknown`);
    return selected;
  }

  bool(field: string): boolean {
    const value = this.value(field);
    if (typeof value !== "boolean") throw new InvalidField(field, "must be true or false");
    return value;
  }

  integer(field: string, { min, max }: { min: number; max: number }): number {
    const value = this.value(field);
    if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) {
      throw new InvalidField(field, `must be a whole number from ${min} to ${max}`);
    }
    return value;
  }

  /** An RFC 3339 time in milliseconds; null if it is null or missing. */
  instantMs(field: string): number | null {
    const value = this.value(field);
    if (value === undefined || value === null) return null;
    const instantMs = typeof value === "string" ? parseInstantMs(value) : undefined;
    if (instantMs === undefined) throw new InvalidField(field, "must be an RFC 3339 time");
    return instantMs;
  }
}
