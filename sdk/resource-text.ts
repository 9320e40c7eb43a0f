export { providerText } from "../provider/resource-text";

/** The engine recognises a dynamic resource by this prefix. */
export function typeToken(className: string): string {
  return `pulumi-nodejs:dynamic/apikeys:${className}`;
}
