import { dayMs, parseDuration } from "../provider/values/durations";
import type { ScopeCatalogue } from "../provider/scopes";
import { parseTime } from "../provider/values/times";
import { vendorNamed } from "../provider/vendors";
import { scopesOn } from "../provider/vendors/vendor";
import type { Level, RuleId } from "./levels";
import type { PolicyDocument, Waiver } from "./policy-schema";

export type { PolicyDocument, Waiver };

/** `apikeys-review.yaml`: levels, limits, waivers and the catalogues of backends that are not built in. */
export const policyFileName = "apikeys-review.yaml";

export interface Policy {
  readonly document: PolicyDocument;
  /** Its path in the repository, for findings about it. */
  readonly path: string;
  /** The line of each waiver in the file, by its index. */
  readonly waiverLines: readonly number[];
}

export const defaultPolicy: Policy = { document: {}, path: policyFileName, waiverLines: [] };

/** Limits and lists that hold for one key. */
export interface Limits {
  readonly maxKeyAgeMs: number;
  readonly maxKeyLifeMs: number;
  readonly maxKeysPerAccount: number;
  readonly requiredLabels: readonly string[];
  readonly namePattern?: RegExp;
  readonly neverGrant: readonly string[];
}

const defaultSpanMs = 90 * dayMs;

/**
 * The limits for a key in an environment of a stack: the stack's, else the environment's, else the file's, else the
 * default.
 */
export function limitsFor(
  document: PolicyDocument,
  stack: string | undefined,
  environment: string | undefined,
): Limits {
  const layers = layersFor(document, stack, environment);
  const first = <Value>(pick: (layer: Layer) => Value | undefined): Value | undefined =>
    layers.map(pick).find((value) => value !== undefined);
  const namePattern = first((layer) => layer.namePattern);
  return {
    maxKeyAgeMs: milliseconds(first((layer) => layer.maxKeyAge)),
    maxKeyLifeMs: milliseconds(first((layer) => layer.maxKeyLife)),
    maxKeysPerAccount: first((layer) => layer.maxKeysPerAccount) ?? 5,
    requiredLabels: first((layer) => layer.requiredLabels) ?? ["owner", "purpose"],
    ...(namePattern === undefined ? {} : { namePattern: new RegExp(namePattern, "u") }),
    neverGrant: [...new Set(layers.flatMap((layer) => layer.neverGrant ?? []))],
  };
}

export function levelFor(
  document: PolicyDocument,
  rule: { readonly id: RuleId; readonly level: Level },
  stack: string | undefined,
  environment: string | undefined,
): Level {
  for (const layer of layersFor(document, stack, environment)) {
    const set = layer.rules?.[rule.id];
    if (set !== undefined) return set;
  }
  return rule.level;
}

/** Every level that a rule can have under this policy. */
export function possibleLevels(
  document: PolicyDocument,
  rule: { readonly id: RuleId; readonly level: Level },
): Level[] {
  const layers: Layer[] = [
    document,
    ...Object.values(document.environments ?? {}),
    ...Object.values(document.stacks ?? {}),
  ];
  const set = layers.flatMap((layer) => layer.rules?.[rule.id] ?? []);
  return [...new Set([document.rules?.[rule.id] ?? rule.level, ...set])];
}

/** What has scopes: each key, or the account, whose keys all get the same. `none`: the account's role decides. */
export type ScopePlace = ReturnType<typeof scopesOn>;

/** The catalogue of a backend. `known: false`: the review does not know what its scopes mean. */
export function catalogueFor(
  document: PolicyDocument,
  backend: string,
): { readonly known: boolean; readonly scopesOn: ScopePlace; readonly catalogue?: ScopeCatalogue } {
  const vendor = vendorNamed(backend);
  if (vendor) {
    const { capabilities, catalogue } = vendor;
    return { known: true, scopesOn: scopesOn(capabilities), ...(catalogue && { catalogue }) };
  }
  const own = document.catalogues;
  if (!own || !Object.hasOwn(own, backend)) return { known: false, scopesOn: "key" };
  const { scopesOnKeys, scopes, open } = own[backend] ?? {};
  if (scopesOnKeys === false) return { known: true, scopesOn: "none" };
  return {
    known: true,
    scopesOn: "key",
    catalogue: { scopes: scopes ?? {}, ...(open ? { open } : {}) },
  };
}

/** The end of a waiver's last day. */
export function waiverEnd(until: string): number | undefined {
  const ms = parseTime(until.includes("T") ? until : `${until}T00:00:00Z`);
  if (typeof ms !== "number") return undefined;
  return until.includes("T") ? ms : ms + dayMs;
}

type Layer = Pick<
  PolicyDocument,
  "rules" | "maxKeyAge" | "maxKeyLife" | "maxKeysPerAccount" | "requiredLabels" | "namePattern" | "neverGrant"
>;

function layersFor(document: PolicyDocument, stack: string | undefined, environment: string | undefined): Layer[] {
  const { stacks, environments } = document;
  const layers: Layer[] = [];
  // `hasOwn`: a stack may be called `constructor`.
  if (stack !== undefined && stacks && Object.hasOwn(stacks, stack)) layers.push(stacks[stack] ?? {});
  if (environment !== undefined && environments && Object.hasOwn(environments, environment))
    layers.push(environments[environment] ?? {});
  layers.push(document);
  return layers;
}

function milliseconds(span: string | undefined): number {
  const ms = span === undefined ? defaultSpanMs : parseDuration(span);
  return typeof ms === "number" ? ms : defaultSpanMs;
}
