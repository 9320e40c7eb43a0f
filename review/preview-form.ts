/**
 * The engine's output in the form that the review uses: checked, and without `null` and empty texts. It is read by
 * hand, because most of the time goes here: loading a schema library and running it over a thousand resources takes as
 * long as parsing their JSON. Policy files, and reports that are read back, use schemas.
 */

export interface ResourceState {
  readonly urn: string;
  readonly type: string;
  readonly custom: boolean;
  readonly id?: string | undefined;
  readonly parent?: string | undefined;
  readonly protect: boolean;
  readonly retainOnDelete: boolean;
  /** A replaced resource that is still to be deleted. */
  readonly pendingDelete: boolean;
  readonly inputs: Properties;
  /** A policy pack gets one list of values, so the inputs include what the service said. */
  readonly inputsHoldOutputs?: true;
  readonly outputs: Properties;
  readonly propertyDependencies: Readonly<Record<string, readonly string[] | null>>;
  /** The provider that runs it: URN and id. */
  readonly provider?: string | undefined;
  /** The resource whose deletion also counts for this one, so that nothing deletes it by itself. */
  readonly deletedWith?: string | undefined;
  readonly sourcePosition?: string | undefined;
}

export interface PreviewStep {
  readonly op: string;
  readonly urn: string;
  readonly oldState?: ResourceState | undefined;
  readonly newState?: ResourceState | undefined;
  readonly diffReasons: readonly string[];
  readonly replaceReasons: readonly string[];
}

export interface PreviewDiagnostic {
  readonly urn?: string | undefined;
  readonly severity: string;
  readonly message: string;
}

type Properties = Readonly<Record<string, unknown>>;
/** The number of steps of each kind, as the engine counts them. */
export type ChangeSummary = Readonly<Record<string, number>>;

/** The output of `pulumi preview --json`. */
export interface PreviewDigest {
  readonly config: Properties;
  readonly steps: readonly PreviewStep[];
  readonly diagnostics: readonly PreviewDiagnostic[];
  /** Left out if the preview did not finish. */
  readonly summary: ChangeSummary | undefined;
}

/** One line of an event stream, with the parts that the review needs. */
export interface PreviewEvent {
  readonly config: Properties | undefined;
  readonly step: PreviewStep | undefined;
  readonly diagnostic: PreviewDiagnostic | undefined;
  readonly end: { readonly summary: ChangeSummary | undefined; readonly result: string } | undefined;
}

/** The value; or, if the engine would not write it, the path of the mistake inside it (empty: the value itself). */
export type FormReading<Value> = { readonly value: Value } | { readonly mistake: string };

export function readDigest(value: unknown): FormReading<PreviewDigest> {
  return reading(() => {
    const raw = recordOf(value);
    return {
      config: maybe(raw, "config", recordOf) ?? {},
      steps:
        maybe(
          raw,
          "steps",
          listOf((step) => stepOf(step, digestNames)),
        ) ?? [],
      diagnostics: maybe(raw, "diagnostics", listOf(diagnosticOf)) ?? [],
      summary: maybe(raw, "changeSummary", summaryOf),
    };
  });
}

export function readEvent(value: unknown): FormReading<PreviewEvent> {
  return reading(() => {
    const raw = recordOf(value);
    return {
      config: maybe(raw, "preludeEvent", (prelude) => maybe(recordOf(prelude), "config", recordOf)),
      step: maybe(raw, "resourcePreEvent", (event) => {
        const { metadata } = recordOf(event);
        return at("metadata", () => stepOf(metadata, eventNames));
      }),
      diagnostic: maybe(raw, "diagnosticEvent", diagnosticOf),
      end: maybe(raw, "summaryEvent", (event) => {
        const end = recordOf(event);
        return { summary: maybe(end, "resourceChanges", summaryOf), result: maybe(end, "result", textOf) ?? "" };
      }),
    };
  });
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The engine's two forms of a preview say the same about a step with different names. */
interface StepNames {
  readonly old: string;
  readonly new: string;
  readonly diffs: string;
  readonly replaces: string;
}

const digestNames = { old: "oldState", new: "newState", diffs: "diffReasons", replaces: "replaceReasons" };
const eventNames = { old: "old", new: "new", diffs: "diffs", replaces: "keys" };

function stepOf(value: unknown, names: StepNames): PreviewStep {
  const raw = recordOf(value);
  return {
    op: at("op", () => textOf(raw.op)),
    urn: at("urn", () => textOf(raw.urn)),
    oldState: maybe(raw, names.old, stateOf),
    newState: maybe(raw, names.new, stateOf),
    diffReasons: maybe(raw, names.diffs, textsOf) ?? [],
    replaceReasons: maybe(raw, names.replaces, textsOf) ?? [],
  };
}

/** Every resource has two of them, so reading a field costs no function of its own. */
function stateOf(value: unknown): ResourceState {
  const raw = recordOf(value);
  return {
    urn: requiredText(raw, "urn"),
    type: requiredText(raw, "type"),
    custom: flag(raw, "custom"),
    id: givenText(raw, "id"),
    parent: givenText(raw, "parent"),
    protect: flag(raw, "protect"),
    retainOnDelete: flag(raw, "retainOnDelete"),
    pendingDelete: flag(raw, "delete"),
    provider: givenText(raw, "provider"),
    deletedWith: givenText(raw, "deletedWith"),
    sourcePosition: givenText(raw, "sourcePosition"),
    inputs: properties(raw, "inputs"),
    outputs: properties(raw, "outputs"),
    propertyDependencies: dependencies(raw.propertyDependencies),
  };
}

function dependencies(value: unknown): ResourceState["propertyDependencies"] {
  if (value === undefined || value === null) return {};
  const isList = (urns: unknown): boolean =>
    urns === null || (Array.isArray(urns) && urns.every((urn) => typeof urn === "string"));
  if (!isRecord(value) || !Object.values(value).every(isList)) throw new WrongForm("propertyDependencies");
  return value as ResourceState["propertyDependencies"];
}

function diagnosticOf(value: unknown): PreviewDiagnostic {
  const raw = recordOf(value);
  const urn = maybe(raw, "urn", textOf);
  const message = maybe(raw, "message", textOf) ?? "";
  const severity = maybe(raw, "severity", textOf) ?? "";
  return { ...(urn ? { urn } : {}), severity, message };
}

function summaryOf(value: unknown): ChangeSummary {
  const counts = recordOf(value);
  // The program chose the name, so the path leaves it out.
  if (Object.values(counts).some((count) => typeof count !== "number")) throw new WrongForm("…");
  return counts as ChangeSummary;
}

/** The engine would not write this value here. */
class WrongForm extends Error {
  constructor(readonly path: string) {
    super(path);
  }
}

function reading<Value>(read: () => Value): FormReading<Value> {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof WrongForm) return { mistake: error.path };
    throw error;
  }
}

/** Reads the value under a name. A mistake inside is reported with its path. */
function at<Value>(name: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    throw error instanceof WrongForm ? new WrongForm(error.path === "" ? name : `${name}.${error.path}`) : error;
  }
}

function maybe<Value>(raw: Properties, name: string, read: (value: unknown) => Value): Value | undefined {
  const value = raw[name];
  return value === undefined || value === null ? undefined : at(name, () => read(value));
}

const listOf =
  <Item>(read: (value: unknown) => Item) =>
  (value: unknown): Item[] => {
    if (!Array.isArray(value)) throw new WrongForm("");
    return value.map((item: unknown, index) => at(String(index), () => read(item)));
  };

const textsOf = listOf(textOf);

function textOf(value: unknown): string {
  if (typeof value !== "string") throw new WrongForm("");
  return value;
}

function recordOf(value: unknown): Properties {
  if (!isRecord(value)) throw new WrongForm("");
  return value;
}

function requiredText(raw: Properties, name: string): string {
  const value = raw[name];
  if (typeof value !== "string") throw new WrongForm(name);
  return value;
}

/** The text; undefined if it is missing or empty. */
function givenText(raw: Properties, name: string): string | undefined {
  const value = raw[name] ?? "";
  if (typeof value !== "string") throw new WrongForm(name);
  return value === "" ? undefined : value;
}

function flag(raw: Properties, name: string): boolean {
  const value = raw[name] ?? false;
  if (typeof value !== "boolean") throw new WrongForm(name);
  return value;
}

function properties(raw: Properties, name: string): Properties {
  const value = raw[name] ?? nothing;
  if (!isRecord(value)) throw new WrongForm(name);
  return value;
}

const nothing: Properties = {};
