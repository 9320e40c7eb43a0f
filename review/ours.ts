import type { ResourceState } from "./preview";
import { hidingOf, type UnitKind } from "./resource-facts";

/**
 * Which resources run our code. The text in `__provider` is a program: no search in it can tell what it will
 * reach (`"pulumi-api" + "keys/runtime"`, a path into node_modules, base64). So the question is never what the
 * text mentions. Exactly one text under exactly one type is ours; every other text is code that nobody reviewed.
 */
export type Identity =
  | { readonly kind: "ours"; readonly unit: UnitKind }
  /** Ours by one sign and not by the other: nobody can say what it does. */
  | { readonly kind: "disguised"; readonly why: string }
  /** A dynamic resource with code of its own; without `text` the code cannot be read. */
  | { readonly kind: "code"; readonly text?: string }
  | { readonly kind: "other" };

const classes = { ServiceAccount: "account", ApiKey: "key", RotatingApiKey: "rotatingKey" } as const;
type ClassName = keyof typeof classes;

const dynamicPrefix = "pulumi-nodejs:dynamic/apikeys:";
const pluginPrefix = "apikeys:index:";
/** Providers whose resources carry their own code. */
const codePackages: ReadonlySet<string> = new Set(["pulumi-nodejs", "pulumi-python"]);

/** The constant text of each class; sdk/resource-text.ts writes it, and it never changes. */
export function constantText(className: ClassName): string {
  return `exports.handler=()=>require("pulumi-apikeys/runtime").${className}`;
}

const textOwners: ReadonlyMap<unknown, ClassName> = new Map(
  (Object.keys(classes) as ClassName[]).map((name) => [constantText(name), name]),
);

export function identify({ type, inputs, provider }: ResourceState): Identity {
  const isPlugin = type.startsWith(pluginPrefix);
  const className = isPlugin
    ? type.slice(pluginPrefix.length)
    : type.startsWith(dynamicPrefix)
      ? type.slice(dynamicPrefix.length)
      : undefined;
  const text = inputs.__provider;
  if (className === undefined) {
    const owner = textOwners.get(text);
    if (owner !== undefined) return disguised(`it runs the code of our ${owner} under another type`);
    if (text !== undefined)
      return typeof text === "string" && !hidingOf(text) ? { kind: "code", text } : { kind: "code" };
    return codePackages.has(packageOf(type)) ? { kind: "code" } : { kind: "other" };
  }
  if (!isClass(className)) return disguised("its type is not known to this version of the review");
  if (isPlugin ? text !== undefined : text !== constantText(className)) {
    const how = hidingOf(text);
    return disguised(
      how === "secret"
        ? "the code that it runs is secret"
        : how === "unknown"
          ? "the code that it runs is not known before the update"
          : `it has the type of our ${className} and runs other code`,
    );
  }
  const stranger = foreignProvider(provider, isPlugin ? "apikeys" : "pulumi-nodejs");
  return stranger ? disguised(stranger) : { kind: "ours", unit: classes[className] };
}

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
 * `urn:pulumi:<stack>::<project>::pulumi:providers:pulumi-nodejs::default::<id>`: the process that runs the code.
 * A provider of another package, or one that is fetched from an address of its own, runs other code.
 */
function foreignProvider(provider: string | undefined, expected: string): string | undefined {
  if (provider === undefined) return undefined;
  const [, , type, name] = provider.split("::");
  if (type?.split("$").at(-1) !== `pulumi:providers:${expected}`) return "it is run by a provider of another package";
  // A plugin may well have several configurations; what the engine itself brings along has one.
  const isOwn = expected === "apikeys" ? !/https?[:_]/.test(name ?? "") : /^default(_\d[\w.]*)?$/.test(name ?? "");
  return isOwn ? undefined : "it is run by a provider of its own, which may be other code with other connections";
}
