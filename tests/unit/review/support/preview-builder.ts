import { defaultPolicy, type PolicyDocument } from "../../../../review/policy";
import type { Report } from "../../../../review/report";
import { reviewPreview, type ReviewRequest } from "../../../../review/review-preview";

/** Small previews in exactly the engine's form; see tests/fixtures/preview for captured ones. */

export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
export const now = Date.parse("2027-02-01T10:00:00Z");
export const stackUrn = "urn:pulumi:prod::shop::pulumi:pulumi:Stack::shop-prod";

type Properties = Record<string, unknown>;

export interface State {
  urn: string;
  type: string;
  custom: boolean;
  inputs: Properties;
  outputs?: Properties;
  [more: string]: unknown;
}

export interface Step {
  op: string;
  urn: string;
  oldState?: State | undefined;
  newState?: State | undefined;
  [more: string]: unknown;
}

export function urnOf(type: "ServiceAccount" | "ApiKey" | "RotatingApiKey", name: string, stack = "prod"): string {
  return `urn:pulumi:${stack}::shop::pulumi-nodejs:dynamic/apikeys:${type}::${name}`;
}

const common = {
  connection: "default",
  target: { backend: "pulsely", origin: "https://api.pulsely.io" },
  status: "active",
};
const issued = {
  secret: "[secret]",
  createdAt: "2027-01-15T10:00:00Z",
  service: "https://api.pulsely.io",
  target: common.target,
};

/** A key with everything a good key has; a property given as undefined is left out. */
export function key(name: string, inputs: Properties = {}, more: Properties = {}): State {
  return state(
    "ApiKey",
    name,
    {
      ...common,
      scopes: ["read:checks"],
      environment: "live",
      expiresIn: "90d",
      labels: { owner: "web", purpose: "site" },
      ...inputs,
    },
    more,
  );
}

export function rotatingKey(name: string, inputs: Properties = {}, more: Properties = {}): State {
  return state(
    "RotatingApiKey",
    name,
    {
      ...common,
      scopes: ["read:checks"],
      environment: "live",
      rotateEvery: "30d",
      overlap: "7d",
      generation: 1,
      issuedOn: "2027-01-15T00:00:00Z",
      rotationReason: "first issue",
      labels: { owner: "web", purpose: "site" },
      ...inputs,
    },
    more,
  );
}

export function account(name: string, inputs: Properties = {}, more: Properties = {}): State {
  return state("ServiceAccount", name, { ...common, labels: { owner: "web", purpose: "site" }, ...inputs }, more);
}

/** Any other resource, with the keys whose secrets it uses. */
export function consumer(name: string, uses: readonly string[], more: Properties = {}): State {
  const type = "aws:lambda/function:Function";
  return {
    urn: `urn:pulumi:prod::shop::${type}::${name}`,
    type,
    custom: true,
    inputs: { value: "[secret]" },
    outputs: { value: "[secret]" },
    propertyDependencies: { value: [...uses] },
    ...more,
  };
}

function state(
  type: "ServiceAccount" | "ApiKey" | "RotatingApiKey",
  name: string,
  inputs: Properties,
  more: Properties,
): State {
  const given = Object.fromEntries(
    Object.entries({ __provider: `exports.handler=()=>require("pulumi-apikeys/runtime").${type}`, ...inputs }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  const { outputs, ...rest } = more;
  const record = type === "ServiceAccount" ? { accountId: `id-of-${name}` } : { ...issued, keyId: `id-of-${name}` };
  return {
    urn: urnOf(type, name),
    type: `pulumi-nodejs:dynamic/apikeys:${type}`,
    custom: true,
    id: `id-of-${name}`,
    inputs: given,
    outputs: { ...record, ...given, ...(outputs as Properties | undefined) },
    sourcePosition: "project:///index.ts#10,11",
    propertyDependencies: {},
    ...rest,
  };
}

export function created(after: State): Step {
  const { outputs: _outputs, id: _id, ...fresh } = after;
  return { op: "create", urn: after.urn, newState: { ...fresh, outputs: after.inputs }, detailedDiff: null };
}

export function unchanged(of: State, after: State = of): Step {
  const { outputs: _outputs, id: _id, ...fresh } = after;
  return { op: "same", urn: after.urn, oldState: of, newState: fresh, detailedDiff: null };
}

export function changed(op: "update" | "replace", before: State, after: State, reasons: readonly string[] = []): Step {
  const { outputs: _outputs, id: _id, ...fresh } = after;
  return {
    op,
    urn: after.urn,
    oldState: before,
    newState: { ...fresh, outputs: after.inputs },
    diffReasons: reasons,
    ...(op === "replace" ? { replaceReasons: reasons } : {}),
  };
}

export function removed(before: State): Step {
  return { op: "delete", urn: before.urn, oldState: before };
}

export function previewOf(steps: readonly Step[], more: Properties = {}): string {
  const stack: Step = { op: "same", urn: stackUrn, oldState: stackState(), newState: stackState() };
  const all = [stack, ...steps];
  const changeSummary: Record<string, number> = {};
  for (const { op } of all) changeSummary[op] = (changeSummary[op] ?? 0) + 1;
  return JSON.stringify({ config: {}, steps: all, changeSummary, ...more });
}

function stackState(): State {
  return { urn: stackUrn, type: "pulumi:pulumi:Stack", custom: false, inputs: {} };
}

export function review(
  steps: readonly Step[],
  more: Partial<ReviewRequest> & { readonly document?: PolicyDocument; readonly digest?: Properties } = {},
): Report {
  const { document, digest, ...request } = more;
  return reviewPreview({
    preview: previewOf(steps, digest),
    policy: document ? { ...defaultPolicy, document } : defaultPolicy,
    nowMs: now,
    projectPath: "",
    failOn: "block",
    expectNoAccessChange: false,
    allowEmpty: false,
    ...request,
  });
}

/** `SR001 ci`, for every finding that is not waived. */
export function found(report: Report): string[] {
  return report.findings.filter(({ waived }) => !waived).map(({ rule, urn }) => `${rule} ${urn.split("::").at(-1)}`);
}

/** A state or a step as it is through the plugin, in everything that names it. */
export function plugged<Of extends State | Step>(of: Of): Of {
  const provider = "urn:pulumi:prod::shop::pulumi:providers:apikeys::default_1_0_0::1";
  const text = JSON.stringify(of, (_name, value: unknown) => {
    const isState = typeof value === "object" && value !== null && "type" in value && "inputs" in value;
    if (!isState || !String(value.type).startsWith(dynamicPart)) return value;
    const { __provider: _code, ...inputs } = value.inputs as Properties;
    return { ...value, inputs, provider };
  });
  return JSON.parse(text.replaceAll(dynamicPart, pluginPart)) as Of;
}

export const dynamicPart = "pulumi-nodejs:dynamic/apikeys:";
export const pluginPart = "apikeys:index:";
