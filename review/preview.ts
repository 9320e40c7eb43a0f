import {
  isRecord,
  readDigest,
  readEvent,
  type ChangeSummary,
  type PreviewDiagnostic,
  type PreviewEvent,
  type PreviewStep,
} from "./preview-form";
import { parseJson, previewText, type JsonObject } from "./preview-text";
import { unaccountedSteps } from "./step-accounts";
import { parseUrn } from "./urn";

/**
 * The output of `pulumi preview --json`: one digest, or (PULUMI_ENABLE_STREAMING_JSON_PREVIEW, --event-log) one engine
 * event per line. Reading accepts any input. `problems` says what could not be read, and a preview with problems never
 * counts as completely reviewed.
 */
export interface Preview {
  readonly form: "digest" | "events";
  readonly stack?: string;
  readonly project?: string;
  readonly steps: readonly PreviewStep[];
  /** Why steps are missing. Our own words only. */
  readonly problems: readonly string[];
  /** Messages of the engine and the program. Never printed: they may quote secrets. */
  readonly diagnostics: readonly PreviewDiagnostic[];
  readonly config: Readonly<Record<string, unknown>>;
  /** False in the event form, which does not report property dependencies. */
  readonly knowsConsumers: boolean;
  /** The event form contains the engine's debug messages, which show secret values in clear. */
  readonly holdsDebugMessages: boolean;
}

/** The fields of a digest without steps; anything else is some other JSON. */
const digestKeys = ["steps", "config", "diagnostics", "changeSummary", "duration"];

const notAPreview = "The JSON is not a preview: it has neither steps nor a change summary.";
const remedy = "Write the file with `pulumi preview --json --show-sames`";

/** Reads the preview from the bytes or the text of a file. */
export function readPreview(input: string | Uint8Array): Preview {
  const found = previewText(input);
  if ("problem" in found) return unreadable(found.problem);
  const { objects, cut } = found;
  const [first] = objects;
  const whole = first && (first.value ?? parseJson(first.text));
  if (isRecord(whole) && "sequence" in whole) return fromStream(objects, cut);
  if (cut !== undefined)
    return unreadable(
      `The preview's JSON begins in line ${cut} and never ends: the file was cut off. ${remedy} again.`,
    );
  if (first === undefined)
    return unreadable(
      `The preview holds no JSON, only text: \`pulumi preview\` failed, or ran without \`--json\`. ${remedy}.`,
    );
  if (objects.length > 1) return unreadable(severalObjects(objects));
  if (!isRecord(whole))
    return unreadable(`The preview's JSON, which begins in line ${first.line}, is not well-formed. ${remedy} again.`);
  if (Array.isArray(whole.events)) return fromEvents(whole.events);
  return digestKeys.some((key) => key in whole) ? fromDigest(whole) : unreadable(notAPreview);
}

function severalObjects(objects: readonly JsonObject[]): string {
  const lines = objects.slice(0, 5).map(({ line }) => line);
  const more = objects.length > lines.length ? ` and ${objects.length - lines.length} more` : "";
  return `The preview holds ${objects.length} JSON objects, which begin in lines ${lines.join(", ")}${more}; a preview is exactly one. Keep what other programs print out of the file.`;
}

/** One event per object; `cut`: the last one never ends. */
function fromStream(objects: readonly JsonObject[], cut: number | undefined): Preview {
  // The engine writes each event on its own line.
  const events = objects.map(({ text }) => (text.includes("\n") ? undefined : parseJson(text)));
  const readable = events.filter(isRecord).filter((event) => "sequence" in event);
  const broken = events.length - readable.length + (cut === undefined ? 0 : 1);
  const preview = fromEvents(readable);
  const problem =
    broken > 0
      ? `${broken} line(s) of the event stream are cut or not JSON.`
      : isCounted(readable)
        ? undefined
        : "The numbers of the stream's events have a gap or a repeat: events are missing, or two streams stand in one file.";
  return problem === undefined ? preview : { ...preview, problems: [...preview.problems, problem] };
}

/** True if the events are numbered in sequence, as the engine does it. */
function isCounted(events: readonly Readonly<Record<string, unknown>>[]): boolean {
  const numbers = events.map(({ sequence }) => sequence);
  return numbers.every((number, index) => index === 0 || number === Number(numbers[index - 1]) + 1);
}

function fromDigest(value: unknown): Preview {
  const read = readDigest(value);
  if ("mistake" in read) return unreadable(`The preview has an unknown form at ${where(read.mistake)}.`);
  const { steps, diagnostics, config, summary } = read.value;
  return {
    form: "digest",
    ...stackOf(steps),
    steps,
    problems: incompleteness(steps, diagnostics, summary, "diagnostics"),
    diagnostics,
    config,
    knowsConsumers: true,
    holdsDebugMessages: false,
  };
}

function fromEvents(values: readonly unknown[]): Preview {
  const events: PreviewEvent[] = [];
  const problems: string[] = [];
  for (const [index, value] of values.entries()) {
    const read = readEvent(value);
    if ("value" in read) events.push(read.value);
    else problems.push(`Event ${index + 1} has an unknown form at ${where(read.mistake)}.`);
  }
  const steps = events.flatMap(({ step }) => step ?? []);
  const messages = events.flatMap(({ diagnostic }) => diagnostic ?? []);
  const end = events.find((event) => event.end)?.end;
  if (!end) problems.push("The event stream ends before its summary: the preview was cut off.");
  else if (end.result !== "" && end.result !== "succeeded") problems.push("The preview failed.");
  return {
    form: "events",
    ...stackOf(steps),
    steps,
    problems: [...problems, ...incompleteness(steps, messages, end?.summary, "diagnosticEvent")],
    diagnostics: messages.filter(({ severity }) => severity !== "debug"),
    config: events.find(({ config }) => config)?.config ?? {},
    knowsConsumers: false,
    holdsDebugMessages: messages.some(({ severity }) => severity === "debug"),
  };
}

/** What the preview itself says about being incomplete. */
function incompleteness(
  steps: readonly PreviewStep[],
  diagnostics: readonly PreviewDiagnostic[],
  summary: ChangeSummary | undefined,
  /** The field in which the preview keeps its messages. */
  place: "diagnostics" | "diagnosticEvent",
): string[] {
  const problems: string[] = [];
  const isRefresh = steps.length > 0 && steps.every(({ op }) => op === "refresh");
  const errors = diagnostics.filter(({ severity }) => severity === "error").length;
  if (errors > 0) {
    const texts = errors === 1 ? "its text stands" : "their texts stand";
    problems.push(
      `The preview reported ${errors} error(s); ${texts} in the preview itself, under \`${place}\`, and not here, because messages can quote secrets.`,
    );
  } else if (summary === undefined) {
    problems.push("The preview has no change summary: it did not finish.");
  }
  if (isRefresh) {
    problems.push(
      "These are the steps of a refresh, which says what has changed on the services and not what the program asks for: review `pulumi preview --json --show-sames` instead.",
    );
    return problems;
  }
  if (errors === 0 && summary !== undefined) problems.push(...unaccountedSteps(steps, summary));
  const missing = (summary?.same ?? 0) - steps.filter(({ op }) => op === "same").length;
  if (missing > 0) {
    problems.push(
      `${missing} unchanged resource(s) are left out of the preview: run \`pulumi preview --json --show-sames\`, so that unchanged keys are reviewed as well.`,
    );
  }
  return problems;
}

function stackOf(steps: readonly PreviewStep[]): { stack?: string; project?: string } {
  for (const { urn } of steps) {
    const parts = parseUrn(urn);
    if (parts) return { stack: parts.stack, project: parts.project };
  }
  return {};
}

function unreadable(problem: string): Preview {
  return {
    form: "digest",
    steps: [],
    problems: [problem],
    diagnostics: [],
    config: {},
    knowsConsumers: true,
    holdsDebugMessages: false,
  };
}

function where(path: string): string {
  return `\`${path === "" ? "its top" : path}\``;
}
