/** The code that the engine runs for a resource, as text: a state keeps it for as long as the resource exists. */

export type ResourceClass = "ServiceAccount" | "ApiKey" | "RotatingApiKey";

/**
 * The text that programs of today write. It never changes, so that an upgrade of this package causes no diff and old
 * resources run the code of the installed version.
 *
 * It depends on nothing but Node: if the package is not installed where the engine runs it, every method says what to
 * install there, and which key or account is still alive.
 */
export function providerText(className: ResourceClass): string {
  return `exports.handler=()=>{try{return ${loaded(className)}}catch(e){if(e.code!='MODULE_NOT_FOUND')throw e;${refusal}}}`;
}

/** The text of version 0.1: states and previews still contain it. */
export function earlierText(className: ResourceClass): string {
  return `exports.handler=()=>${loaded(className)}`;
}

function loaded(className: ResourceClass): string {
  return `require("pulumi-apikeys/runtime").${className}`;
}

/**
 * The last argument of every method is what the state or the program says of the resource. No secret is read. Few double
 * quotes: a state holds the text twice, and escapes each of them.
 */
const refusal =
  "const f=async(...a)=>{const{keyId:k,accountId:i,previousKeyId:p}=a.pop();throw Object.assign(Error(" +
  "`${e.message.split('\\n')[0]}. Run: npm install pulumi-apikeys (in ${process.cwd()})${k||i?'. Still alive: '+[k||i,p].filter(x=>x):''}`" +
  "),{stack:''})};return{check:f,diff:f,create:f,read:f,update:f,delete:f}";
