/**
 * What the engine prints, as the review goes on with it: checked, and every `null` and every empty text left out. Read by
 * hand, because this is where the time goes: loading a schema library and running it over a thousand resources takes as
 * long as parsing their JSON does. Policy files and reports that are read back have schemas.
 */

export interface ResourceState {
  readonly urn: string;
  readonly type: string;
  readonly custom: boolean;
  readonly id?: string | undefined;
  readonly parent?: string | undefined;
  readonly protect: boolean;
  readonly retainOnDelete: boolean;
  /** A replaced resource whose deletion is still to come. */
  readonly pendingDelete: boolean;
  readonly inputs: Properties;
  /** A policy pack is given one list of values: what the service said stands among the inputs. */
  readonly inputsHoldOutputs?: true;
  readonly outputs: Properties;
  readonly propertyDependencies: Readonly<Record<string, readonly string[] | null>>;
  /** Who runs it: the URN of a provider and its id. */
  readonly provider?: string | undefined;
  /** The resource with which it is taken for deleted, so that nothing deletes it by itself. */
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
/** How many steps of each kind the engine says that there are. */
export type ChangeSummary = Readonly<Record<string, number>>;

/** What `pulumi preview --json` prints. */
export interface PreviewDigest {
  readonly config: Properties;
  readonly steps: readonly PreviewStep[];
  readonly diagnostics: readonly PreviewDiagnostic[];
  /** Left out where the preview did not finish. */
  readonly summary: ChangeSummary | undefined;
}

/** One line of an event stream, as far as it says something of these. */
export interface PreviewEvent {
  readonly config: Properties | undefined;
  readonly step: PreviewStep | undefined;
  readonly diagnostic: PreviewDiagnostic | undefined;
  readonly end: { readonly summary: ChangeSummary | undefined; readonly result: string } | undefined;
}

/** The value, or where it is not what the engine writes, as a path into it (empty = the value itself). */
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

/** The engine's two forms of a preview say the same of a step under other names. */
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

/** There are two for every resource, so a field costs no function of its own. */
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
  // The name is the program's, so it stays out of the path.
  if (Object.values(counts).some((count) => typeof count !== "number")) throw new WrongForm("…");
  return counts as ChangeSummary;
}

/** A value is not what the engine writes there. */
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

/** Reads what stands under a name; a mistake inside is told with the way to it. */
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

/** The text; undefined where there is none, or an empty one. */
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
