import { earlierTexts, providerText } from "../provider/resource-text";
import { isRecord, type ResourceState } from "./preview-form";
import { hidingOf, type UnitKind } from "./resource-facts";
import { parseUrn } from "./urn";

/**
 * Identifies the resources that run our code. The text in `__provider` is a program, and no search in it can tell what
 * it will load (`"pulumi-api" + "keys/runtime"`, a path into node_modules, base64). So the text's mentions never
 * decide. Exactly one text (and those of earlier versions) under exactly one type is ours;
 * every other text is code that nobody has reviewed.
 */
export type Identity =
  | { readonly kind: "ours"; readonly unit: UnitKind }
  /** One sign says that it is ours and another that it is not: nobody can say what it does. */
  | { readonly kind: "disguised"; readonly why: string }
  /** A dynamic resource with its own code; without `text` the code cannot be read. */
  | { readonly kind: "code"; readonly text?: string }
  | { readonly kind: "other" };

const classes = { ServiceAccount: "account", ApiKey: "key", RotatingApiKey: "rotatingKey" } as const;
type ClassName = keyof typeof classes;

const dynamicPrefix = "pulumi-nodejs:dynamic/apikeys:";
const pluginPrefix = "apikeys:index:";
const prefixes = [pluginPrefix, dynamicPrefix];
/** The plugin's package: no other resources have it, whatever their module is called. */
const ofPluginPackage = /^apikeys:/i;
/** Providers whose resources carry their own code. */
const codePackages: ReadonlySet<string> = new Set(["pulumi-nodejs", "pulumi-python"]);

/** The text of our dynamic resources of a type; undefined for every other type. */
export function constantTextOf(type: string): string | undefined {
  const className = type.startsWith(dynamicPrefix) ? type.slice(dynamicPrefix.length) : "";
  return isClass(className) ? providerText(className) : undefined;
}

/** The constant texts of each class: the one that programs write, and those of earlier versions. */
/** Whether a resource of the type comes from the plugin. */
export function isPluginType(type: string): boolean {
  return type.startsWith(pluginPrefix);
}

/** `type::name` as it is through the plugin, parents included. */
export function pluginForm(resource: string): string {
  const [types = "", ...name] = resource.split("::");
  const inPlugin = types
    .split("$")
    .map((type) => (type.startsWith(dynamicPrefix) ? `${pluginPrefix}${type.slice(dynamicPrefix.length)}` : type));
  return [inPlugin.join("$"), ...name].join("::");
}

const textOwners: ReadonlyMap<unknown, ClassName> = new Map(
  (Object.keys(classes) as ClassName[]).flatMap((name) =>
    [providerText(name), ...earlierTexts(name)].map((text) => [text, name] as const),
  ),
);

/**
 * `providersInPreview`: the providers that the program itself makes, by URN; the engine's own are in no preview. Left
 * out if there is no preview: a policy pack sees one resource at a time.
 */
export function identify(state: ResourceState, providersInPreview?: ReadonlyMap<string, ResourceState>): Identity {
  const { type, inputs } = state;
  const prefix = prefixes.find((each) => type.startsWith(each));
  if (prefix === undefined) return identifyOther(state, providersInPreview);
  const className = type.slice(prefix.length);
  if (!isClass(className)) return disguised(notKnown);
  const isPlugin = prefix === pluginPrefix;
  const text = inputs.__provider;
  const isOurText = isPlugin ? text === undefined : textOwners.get(text) === className;
  if (!isOurText) return disguised(whyOtherCode(text, className));
  const stranger = foreignProvider(state.provider, isPlugin ? "apikeys" : "pulumi-nodejs", providersInPreview);
  return stranger ? disguised(stranger) : { kind: "ours", unit: classes[className] };
}

/** Identifies a resource whose type is not ours. */
function identifyOther(
  { type, inputs, custom, provider }: ResourceState,
  providersInPreview: ReadonlyMap<string, ResourceState> | undefined,
): Identity {
  const text = inputs.__provider;
  const owner = textOwners.get(text);
  if (owner !== undefined) return disguised(`it runs the code of our ${owner} under another type`);
  if (custom && ofPluginPackage.test(type)) return disguised(notKnown);
  if (text === undefined) return codePackages.has(packageOf(type)) ? { kind: "code" } : { kind: "other" };
  // Another provider may run anything in the place of the text.
  if (codePackages.has(packageOf(type)) && foreignProvider(provider, packageOf(type), providersInPreview))
    return { kind: "code" };
  return typeof text === "string" && !hidingOf(text) ? { kind: "code", text } : { kind: "code" };
}

function whyOtherCode(text: unknown, className: ClassName): string {
  switch (hidingOf(text)) {
    case "secret":
      return "the code that it runs is secret";
    case "unknown":
      return "the code that it runs is not known before the update";
    case undefined:
      return `it has the type of our ${className} and runs other code`;
  }
}

const notKnown = "its type is not known to this version of the review";

function disguised(why: string): Identity {
  return { kind: "disguised", why };
}

function isClass(name: string): name is ClassName {
  return Object.hasOwn(classes, name);
}

function packageOf(type: string): string {
  return type.slice(0, Math.max(0, type.indexOf(":")));
}

/**
 * The process that runs the code: `urn:pulumi:<stack>::<project>::pulumi:providers:pulumi-nodejs::default::<id>`. A
 * provider of another package, or one that is downloaded from its own URL, runs other code.
 */
function foreignProvider(
  provider: string | undefined,
  expected: string,
  inPreview: ReadonlyMap<string, ResourceState> | undefined,
): string | undefined {
  if (provider === undefined) return undefined;
  const urn = providerUrn(provider);
  const parts = parseUrn(urn);
  if (parts?.type !== `pulumi:providers:${expected}`) return "it is run by a provider of another package";
  const { type, qualifiedType, name } = parts;
  const made = inPreview?.get(urn);
  // A program may name its own provider `default`, which then has the URN of the engine's.
  const isDefault = made === undefined && type === qualifiedType && defaultProvider.test(name);
  // A plugin may have several configurations; a provider that the engine itself adds has one.
  const isNamed = expected === "apikeys" && !name.startsWith("default_");
  if (isDefault || (isNamed && inPreview === undefined)) return undefined;
  if (!isNamed || made === undefined)
    return "it is run by a provider of its own, which may be other code with other connections";
  return whyOwnSource(made.inputs);
}

/**
 * The release of the plugin that runs a resource, such as `1.0.0`, by the name of the engine's own provider or the input
 * of the program's. Undefined if neither says it.
 */
export function pluginRelease(
  { type, provider = "" }: ResourceState,
  providers: ReadonlyMap<string, ResourceState>,
): string | undefined {
  if (!isPluginType(type)) return undefined;
  const version = providers.get(providerUrn(provider))?.inputs.version;
  if (typeof version === "string") return version;
  const name = parseUrn(providerUrn(provider))?.name ?? "";
  return /^default_(\d[^:]*)$/.exec(name)?.[1]?.replace(/^(\d+)_(\d+)_/, "$1.$2.");
}

/** The URN in a state's `provider`, which ends with the provider's id. A name may contain `::`, and an id does not. */
export function providerUrn(provider: string): string {
  return provider.slice(0, Math.max(0, provider.lastIndexOf("::")));
}

/** Why nobody can tell which program a provider with these inputs is. */
export function whyOwnSource(inputs: Readonly<Record<string, unknown>>): string | undefined {
  // The engine adds an empty `__internal` to a provider that only names its release.
  const isEmpty = (value: unknown) => isRecord(value) && Object.keys(value).length === 0;
  return [...otherSources].some((property) => inputs[property] !== undefined && !isEmpty(inputs[property]))
    ? "it is run by a provider that says itself where its code comes from"
    : undefined;
}

/** The engine's name for its own provider, with or without a version. One from another URL has that URL in its name. */
const defaultProvider = /^default(?:_\d+_\d+_\d+(?:_[0-9A-Za-z_]+)?)?$/;
/** Inputs of a provider that load another program under the same package name. */
const otherSources: ReadonlySet<string> = new Set([
  "pluginDownloadURL",
  "pluginChecksums",
  "parameterization",
  "__internal",
]);
