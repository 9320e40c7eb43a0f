/** What a backend itself finds wrong with inputs: it knows combinations that capabilities cannot express. */
import type { InputProblem } from "../../backends/definition";
import { kindOf, redact } from "../../secrets/redact";
import { asThrown } from "../../thrown";
import { isUnknown } from "../../values/wire";
import type { CheckPoint } from "./failures";

/** The inputs of a key that a backend sees. A secret is not among them. */
const ofKeys = [
  "name",
  "serviceAccountId",
  "scopes",
  "environment",
  "options",
  "description",
  "labels",
  "expiresAt",
  "expiresIn",
  "fullAccess",
] as const;
const ofAccounts = ["name", "description", "role", "scopes", "labels", "options"] as const;

interface Validators {
  readonly validateKey?: (asked: Readonly<Record<string, unknown>>) => readonly InputProblem[];
  readonly validateAccount?: (asked: Readonly<Record<string, unknown>>) => readonly InputProblem[];
}

export function validateKey(at: CheckPoint): void {
  const { validateKey: ask }: Validators = at.facts;
  if (ask) validate(at, () => ask(known(at.news, ofKeys)));
}

export function validateAccount(at: CheckPoint): void {
  const { validateAccount: ask }: Validators = at.facts;
  if (ask) validate(at, () => ask(known(at.news, ofAccounts)));
}

/** A backend sees only inputs that passed every other check, so it can rely on their form. */
function validate({ failures }: CheckPoint, ask: () => unknown): void {
  if (failures.list.length > 0) return;
  for (const { field, message } of answerOf(ask)) failures.add(field, redact(message));
}

function answerOf(ask: () => unknown): readonly InputProblem[] {
  try {
    const answer = ask();
    if (Array.isArray(answer) && answer.every(isProblem)) return answer;
    return [fault(`answered ${kindOf(answer)}; it must answer a list of { field, message }, empty if all is well`)];
  } catch (error) {
    const { name, message } = asThrown(error);
    return [fault(`threw ${name}: ${message}`)];
  }
}

function isProblem(value: unknown): value is InputProblem {
  const { field, message } = (value ?? {}) as Partial<Record<keyof InputProblem, unknown>>;
  return typeof field === "string" && typeof message === "string" && message !== "";
}

function fault(what: string): InputProblem {
  return { field: "connection", message: `the backend's own check of the inputs ${what}` };
}

function knownOptions(options: unknown): unknown {
  if (typeof options !== "object" || options === null) return options;
  return Object.fromEntries(Object.entries(options).filter(([, value]) => !isUnknown(value)));
}

function known(inputs: object, names: readonly string[]): Readonly<Record<string, unknown>> {
  const given = inputs as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    names.flatMap((name) => {
      // If only some options are known, those.
      const value = name === "options" ? knownOptions(given[name]) : given[name];
      return value === undefined || isUnknown(value) ? [] : [[name, value] as const];
    }),
  );
}
