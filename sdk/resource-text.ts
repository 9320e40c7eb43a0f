export { providerText } from "../provider/resource-text";

/** The engine recognises a dynamic resource by this prefix. */
export function typeToken(className: string): string {
  return `pulumi-nodejs:dynamic/apikeys:${className}`;
}

/** Whether it is a resource of that class, of whichever copy of this package. */
export function isOfType(object: unknown, className: string): boolean {
  return (object as { readonly __pulumiType?: unknown } | null | undefined)?.__pulumiType === typeToken(className);
}
