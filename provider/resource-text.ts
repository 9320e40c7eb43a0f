/** The code that the engine runs for a resource, as text: a state keeps it for as long as the resource exists. */

export type ResourceClass = "ServiceAccount" | "ApiKey" | "RotatingApiKey";

/**
 * The text that programs of today write. It never changes, so that an upgrade of this package causes no diff and old
 * resources run the code of the installed version.
 *
 * It depends on nothing but Node: if the package is not installed where the engine runs it, every method says what to
 * install there, and which key or account is still alive. Every state holds it twice for each resource, so it is as short
 * as it can be: no double quotes, which a state escapes, and no methods that the engine calls only after `check`.
 */
export function providerText(className: ResourceClass): string {
  const [names, ids] = stillAlive[className];
  const message = `\${k?'Still alive: '+${ids}+'. ':''}Run: npm install pulumi-apikeys. \${/.*/.exec(e)}`;
  return (
    `exports.handler=()=>{try{return require('pulumi-apikeys/runtime').${className}}catch(e){if(!e.code)throw e;` +
    `let f=(_,{${names}})=>{throw{__proto__:e,stack:'',message:\`${message}\`}};return{check:f,read:f,delete:f}}}`
  );
}

/** By class: what the message reads of a record, and which ids it names. What does not exist yet has none. */
const stillAlive: Readonly<Record<ResourceClass, readonly [names: string, ids: string]>> = {
  ServiceAccount: ["accountId:k", "k"],
  ApiKey: ["keyId:k", "k"],
  RotatingApiKey: ["keyId:k,previousKeyId:p", "(p?[k,p]:k)"],
};

/** The texts of earlier versions: states and previews still contain them. */
export function earlierTexts(className: ResourceClass): readonly string[] {
  return [plainText(className), unreleasedText(className)];
}

/**
 * The text of 0.1, which leaves the words to Node where the package is not installed. The plugin records it: it runs no
 * text, and a stack that moves from it to dynamic resources needs one until the next update.
 */
export function plainText(className: ResourceClass): string {
  return `exports.handler=()=>${loaded(className)}`;
}

/** Between 0.1 and the next version; stacks may have been made with it. */
function unreleasedText(className: ResourceClass): string {
  return `exports.handler=()=>{try{return ${loaded(className)}}catch(e){if(e.code!='MODULE_NOT_FOUND')throw e;${unreleasedRefusal}}}`;
}

const unreleasedRefusal =
  "const f=async(...a)=>{const{keyId:k,accountId:i,previousKeyId:p}=a.pop();throw Object.assign(Error(" +
  "`${e.message.split('\\n')[0]}. Run: npm install pulumi-apikeys (in ${process.cwd()})${k||i?'. Still alive: '+[k||i,p].filter(x=>x):''}`" +
  "),{stack:''})};return{check:f,diff:f,create:f,read:f,update:f,delete:f}";

function loaded(className: ResourceClass): string {
  return `require("pulumi-apikeys/runtime").${className}`;
}
