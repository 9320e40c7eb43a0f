/** Promises about missing and wrong fields in answers. */
import { isUnclear, ProviderError } from "../../provider/errors";
import { forgetSecrets } from "../../provider/secrets/known-secrets";
import { logicalName } from "../../provider/resources/identity/names";
import { secretLike } from "../../provider/secrets/secret-shapes";
import { assertHoldsNone, assertIsOneOf } from "../assertions";
import type { PassingRequest, ServiceDouble } from "../service-double";
import { type Contract, origin, type Workbench } from "../workbench";
import { settled, truthOf, withDouble } from "./answers";
import { callsOf, type PreparedCall, type PrepareCall } from "./calls";

/** More fields than any answer needs; of a list the first entry stands for all. */
const mostFields = 40;
const deepest = 4;

/** The limit for a slow service. The fields that remain are reported as not proven. */
const longestMs = 60_000;

/** Takes the service's real answers, and tries each field once missing and once of another kind. */
export const fieldContract: Contract = {
  "a field that is missing in the service's own answer, or of another kind, is an error or the truth, and reveals no secret":
    async (bench) => {
      const endMs = performance.now() + longestMs;
      for (const [name, prepare] of Object.entries(callsOf(bench))) await eachField(bench, { name, prepare, endMs });
    },
};

interface Trial {
  readonly name: string;
  readonly prepare: PrepareCall;
  /** On the clock of `performance`. */
  readonly endMs: number;
}

async function eachField(bench: Workbench, trial: Trial): Promise<void> {
  await withDouble(bench, "0s", async (double, client) => {
    const once = (change?: Change) => outcomeOf(bench, { ...trial, double, client, change });
    const paths = pathsIn(await once()).slice(0, mostFields);
    const changes = paths.flatMap((path) => [
      ...(tellsAbsence(bench, path) ? [] : [{ path, isMissing: true }]),
      { path, isMissing: false },
    ]);
    for (const [index, change] of changes.entries()) {
      if (performance.now() > trial.endMs)
        return bench.skip(`${changes.length - index} fields of the answers to ${trial.name}: the service is too slow`);
      await once(change);
    }
  });
}

interface Change {
  readonly path: Path;
  readonly isMissing: boolean;
}

interface Interrupted extends Trial {
  readonly double: ServiceDouble;
  readonly client: Workbench["client"];
  readonly change: Change | undefined;
}

/** Makes the call once with changed answers, and judges how it ends. @returns the first answer, unchanged */
async function outcomeOf(bench: Workbench, { name, prepare, double, client, change }: Interrupted): Promise<unknown> {
  const call = await prepare();
  forgetSecrets();
  let answer: unknown;
  double.interrupt(() => ({
    exchange: (real) => {
      answer ??= real;
      return JSON.stringify(change ? changed(real, change.path, change.isMissing) : real);
    },
  }));
  const outcome = await settled(call.run(client));
  const mayHaveMade = double.requests.some((request) => makes(call, request));
  double.passOn();
  const what = `${name}, in whose answer "${change?.path.join(".") ?? "nothing"}" is ${change?.isMissing ? "missing" : "of another kind"},`;
  if ("error" in outcome) {
    assertIsOneOf(outcome.error, [ProviderError], what);
    if (change && mayHaveMade) assertUnclear(outcome.error, what);
    assertHoldsNone(outcome.error, [bench.harness.token, ...call.secrets, ...secretsLikely(answer)], what);
  } else if (change) await truthOf(() => call.assertTrue(outcome.told), what);
  await call.clean();
  return answer;
}

function tellsAbsence({ harness: { absenceFields = [] } }: Workbench, path: Path): boolean {
  return absenceFields.some((field) => path.join(".").endsWith(field));
}

/** The suite's own names are not secrets, however random they look. */
function secretsLikely(answer: unknown): string[] {
  return secretLike(answer, "").filter((text) => !text.startsWith(`${logicalName(origin)}-`));
}

/** A request that only reads or logs in creates nothing. The one that makes a key contains its name. */
function makes(call: PreparedCall, { method, path, body }: PassingRequest): boolean {
  return call.name !== undefined && method !== "GET" && `${path}${body}`.includes(call.name);
}

function assertUnclear(error: unknown, what: string): void {
  if (!isUnclear(error))
    throw new Error(`${what} fails with ${String(error)}: nothing searches for the key that was made`);
}

type Path = readonly string[];

function pathsIn(value: unknown, before: Path = []): Path[] {
  if (typeof value !== "object" || value === null || before.length >= deepest) return [];
  const entries = Object.entries(value);
  return (Array.isArray(value) ? entries.slice(0, 1) : entries).flatMap(([name, inner]) => [
    ...(Array.isArray(value) ? [] : [[...before, name]]),
    ...pathsIn(inner, [...before, name]),
  ]);
}

/** The answer without that field, or with its value as another kind. */
function changed(value: unknown, [name = "", ...rest]: Path, isMissing: boolean): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return value;
  const old = (value as Readonly<Record<string, unknown>>)[name];
  if (rest.length === 0 && isMissing) {
    const { [name]: _gone, ...others } = value as Readonly<Record<string, unknown>>;
    return others;
  }
  const inner = rest.length > 0 ? changed(old, rest, isMissing) : { was: [old] };
  return Array.isArray(value)
    ? value.map((each: unknown, index) => (String(index) === name ? inner : each))
    : { ...value, [name]: inner };
}
