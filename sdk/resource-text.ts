/**
 * The code that the engine runs for a resource, as text. It never changes, so that an upgrade of this
 * package causes no diff, and old resources run today's code.
 */
export function providerText(className: "ServiceAccount" | "ApiKey" | "RotatingApiKey"): string {
  return `exports.handler=()=>require("pulumi-apikeys/runtime").${className}`;
}

/** The engine recognises a dynamic resource by this prefix. */
export function typeToken(className: string): string {
  return `pulumi-nodejs:dynamic/apikeys:${className}`;
}
