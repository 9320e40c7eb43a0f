/**
 * The form of what the engine prints, as far as the review reads it. Written by hand, because this is
 * where the time goes: loading a schema library and running it over a thousand resources takes as long
 * as parsing their JSON does. Policy files and reports that are read back have schemas.
 */

export interface RawState {
  readonly urn: string;
  readonly type: string;
  readonly custom?: boolean | null;
  readonly id?: string | null;
  readonly parent?: string | null;
  readonly protect?: boolean | null;
  readonly retainOnDelete?: boolean | null;
  readonly delete?: boolean | null;
  readonly inputs?: Readonly<Record<string, unknown>> | null;
  readonly outputs?: Readonly<Record<string, unknown>> | null;
  readonly propertyDependencies?: Readonly<Record<string, readonly string[] | null>> | null;
  readonly provider?: string | null;
  readonly deletedWith?: string | null;
  readonly sourcePosition?: string | null;
}

export interface RawStep {
  readonly op: string;
  readonly urn: string;
  readonly oldState?: RawState | null;
  readonly newState?: RawState | null;
  readonly diffReasons?: readonly string[] | null;
  readonly replaceReasons?: readonly string[] | null;
}

export interface RawDiagnostic {
  readonly urn?: string | null;
  readonly message?: string | null;
  readonly severity?: string | null;
}

export interface RawDigest {
  readonly config?: Readonly<Record<string, unknown>> | null;
  readonly steps?: readonly RawStep[] | null;
  readonly diagnostics?: readonly RawDiagnostic[] | null;
  readonly changeSummary?: Readonly<Record<string, number>> | null;
}

export interface RawEvent {
  readonly preludeEvent?: { readonly config?: Readonly<Record<string, unknown>> | null } | null;
  readonly resourcePreEvent?: { readonly metadata: RawEventStep } | null;
  readonly diagnosticEvent?: RawDiagnostic | null;
  readonly summaryEvent?: {
    readonly resourceChanges?: Readonly<Record<string, number>> | null;
    readonly result?: string | null;
  } | null;
}

interface RawEventStep {
  readonly op: string;
  readonly urn: string;
  readonly old?: RawState | null;
  readonly new?: RawState | null;
  readonly diffs?: readonly string[] | null;
  readonly keys?: readonly string[] | null;
}

/** Where a value is not what it should be, as a path into it (empty = the value itself); undefined = all is well. */
type Check = (value: unknown) => string | undefined;

const text: Check = (value) => (typeof value === "string" ? undefined : "");
const amount: Check = (value) => (typeof value === "number" ? undefined : "");
const properties: Check = (value) => (isRecord(value) ? undefined : "");

const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || value === null ? undefined : check(value);

const listOf =
  (check: Check): Check =>
  (value) => {
    if (!Array.isArray(value)) return "";
    for (let index = 0; index < value.length; index += 1) {
      const mistake = check(value[index]);
      if (mistake !== undefined) return within(String(index), mistake);
    }
    return undefined;
  };

const mapOf =
  (check: Check): Check =>
  (value) => {
    if (!isRecord(value)) return "";
    for (const name of Object.keys(value)) {
      // The name is the program's, so it stays out of the path.
      if (check(value[name]) !== undefined) return "…";
    }
    return undefined;
  };

function form(fields: Readonly<Record<string, Check>>): Check {
  const known = Object.entries(fields);
  return (value) => {
    if (!isRecord(value)) return "";
    for (const [name, check] of known) {
      const mistake = check(value[name]);
      if (mistake !== undefined) return within(name, mistake);
    }
    return undefined;
  };
}

/** Line by line instead of by `form`: there are two states for every resource. */
const state: Check = (value) => {
  if (!isRecord(value)) return "";
  if (typeof value.urn !== "string") return "urn";
  if (typeof value.type !== "string") return "type";
  if (isOther(value.custom, "boolean")) return "custom";
  if (isOther(value.id, "string")) return "id";
  if (isOther(value.parent, "string")) return "parent";
  if (isOther(value.protect, "boolean")) return "protect";
  if (isOther(value.retainOnDelete, "boolean")) return "retainOnDelete";
  if (isOther(value.delete, "boolean")) return "delete";
  if (isOther(value.provider, "string")) return "provider";
  if (isOther(value.deletedWith, "string")) return "deletedWith";
  if (isOther(value.sourcePosition, "string")) return "sourcePosition";
  if (isOther(value.inputs, "object") || Array.isArray(value.inputs)) return "inputs";
  if (isOther(value.outputs, "object") || Array.isArray(value.outputs)) return "outputs";
  return areDependencies(value.propertyDependencies) ? undefined : "propertyDependencies";
};

function isOther(value: unknown, type: "string" | "boolean" | "object"): boolean {
  return value !== undefined && value !== null && typeof value !== type;
}

function areDependencies(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (!isRecord(value)) return false;
  for (const name of Object.keys(value)) {
    const urns = value[name];
    if (urns === null) continue;
    if (!Array.isArray(urns)) return false;
    for (const urn of urns) if (typeof urn !== "string") return false;
  }
  return true;
}

const diagnostic = form({ urn: maybe(text), message: maybe(text), severity: maybe(text) });
const reasons = maybe(listOf(text));

const digest = form({
  config: maybe(properties),
  steps: maybe(
    listOf(
      form({
        op: text,
        urn: text,
        oldState: maybe(state),
        newState: maybe(state),
        diffReasons: reasons,
        replaceReasons: reasons,
      }),
    ),
  ),
  diagnostics: maybe(listOf(diagnostic)),
  changeSummary: maybe(mapOf(amount)),
});

const event = form({
  preludeEvent: maybe(form({ config: maybe(properties) })),
  resourcePreEvent: maybe(
    form({
      metadata: form({ op: text, urn: text, old: maybe(state), new: maybe(state), diffs: reasons, keys: reasons }),
    }),
  ),
  diagnosticEvent: maybe(diagnostic),
  summaryEvent: maybe(form({ resourceChanges: maybe(mapOf(amount)), result: maybe(text) })),
});

/** The digest, or where it is none. */
export function checkDigest(value: unknown): { readonly digest: RawDigest } | { readonly mistake: string } {
  const mistake = digest(value);
  return mistake === undefined ? { digest: value as RawDigest } : { mistake };
}

export function checkEvent(value: unknown): { readonly event: RawEvent } | { readonly mistake: string } {
  const mistake = event(value);
  return mistake === undefined ? { event: value as RawEvent } : { mistake };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function within(name: string, path: string): string {
  return path === "" ? name : `${name}.${path}`;
}
