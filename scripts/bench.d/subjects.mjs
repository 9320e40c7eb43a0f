// What is compared: programs of N resources that do the same work in different ways.
import { classesOf } from "./stack.mjs";

const loop = (body) => (count) => `for (let i = 0; i < ${count}; i += 1) ${body}`;
const key = loop('new ApiKey("key-" + i, { scopes: ["read:checks"] });');
const night = (build) =>
  loop(
    `new RotatingApiKey("key-" + i, { scopes: ["read:checks"], rotateEvery: "90d", keepers: { build: "${build}" } });`,
  );

// As in Pulumi's documentation: a class, an object of it for each resource, and what an immutable key needs.
const naive = `
const pulumi = require("@pulumi/pulumi");
class KeyProvider {
  constructor(name) {
    this.name = name;
  }
  headers() {
    return { authorization: "Bearer " + process.env.PULSELY_ADMIN_TOKEN, "content-type": "application/json" };
  }
  async diff(id, olds, news) {
    return { replaces: JSON.stringify(olds.scopes) === JSON.stringify(news.scopes) ? [] : ["scopes"] };
  }
  async create(inputs) {
    const name = this.name + "-" + Math.random().toString(16).slice(2);
    const response = await fetch(inputs.url + "/api-keys", { method: "POST", headers: this.headers(), body: JSON.stringify({ name, scopes: inputs.scopes, environment: "live" }) });
    if (!response.ok) throw new Error("creating " + name + ": " + response.status);
    const key = await response.json();
    return { id: key.id, outs: { ...inputs, secret: key.key } };
  }
  async read(id, props) {
    const response = await fetch(props.url + "/api-keys/" + id, { headers: this.headers() });
    return response.status === 404 ? {} : { id, props };
  }
  async delete(id, props) {
    const response = await fetch(props.url + "/api-keys/" + id, { method: "DELETE", headers: this.headers() });
    if (!response.ok && response.status !== 404) throw new Error("revoking " + id + ": " + response.status);
  }
}
class NaiveKey extends pulumi.dynamic.Resource {
  constructor(name, args) {
    super(new KeyProvider(name), name, { ...args, secret: undefined }, { additionalSecretOutputs: ["secret"] });
  }
}
`;

// The least code that makes and deletes a key, and cannot change its scopes.
const leanest = `
const pulumi = require("@pulumi/pulumi");
class LeanKey extends pulumi.dynamic.Resource {
  constructor(name, args) {
    super({
      async create(inputs) {
        const response = await fetch(inputs.url + "/api-keys", { method: "POST", headers: { authorization: "Bearer " + process.env.PULSELY_ADMIN_TOKEN, "content-type": "application/json" }, body: JSON.stringify({ name: name + "-" + Math.random().toString(16).slice(2), scopes: inputs.scopes, environment: "live" }) });
        const key = await response.json();
        return { id: key.id, outs: { ...inputs, secret: key.key } };
      },
      async delete(id, props) {
        await fetch(props.url + "/api-keys/" + id, { method: "DELETE", headers: { authorization: "Bearer " + process.env.PULSELY_ADMIN_TOKEN } });
      },
    }, name, { ...args, secret: undefined }, { additionalSecretOutputs: ["secret"] });
  }
}
`;

// Resources that do nothing, of a provider that Pulumi serializes for each: what dynamic resources cost by themselves.
const many = `
const pulumi = require("@pulumi/pulumi");
class Nothing extends pulumi.dynamic.Resource {
  constructor(name) {
    super({ async create(inputs) { return { id: name, outs: inputs }; } }, name, {}, {});
  }
}
`;

// The engine alone: resources that do nothing, of one constant text.
const engine = `
const pulumi = require("@pulumi/pulumi");
class Bare extends pulumi.CustomResource {
  constructor(name) {
    super("pulumi-nodejs:dynamic:Resource", name, { __provider: "exports.handler=()=>({create:async(outs)=>({id:'x',outs}),diff:async()=>({changes:false})})" });
  }
}
`;

const withUrl = (name) => loop(`new ${name}("key-" + i, { url: process.env.PULSELY_URL, scopes: ["read:checks"] });`);

/**
 * `program(count)`; `changed(count)` gives every key a successor. `asks`: a refresh asks the service. `compared`: a row of the
 * claims needs it at the largest number of keys.
 */
export const subjects = {
  dynamic: {
    title: "this package, dynamic resources",
    program: (count) => classesOf("dynamic") + key(count),
    asks: true,
    compared: true,
  },
  plugin: { title: "this package, the plugin", program: (count) => classesOf("plugin") + key(count) },
  rotating: {
    title: "this package, rotating keys",
    program: (count) => classesOf("dynamic") + night("1")(count),
    changed: (count) => classesOf("dynamic") + night("2")(count),
    compared: true,
  },
  naive: {
    title: "a complete naive provider",
    program: (count) => naive + withUrl("NaiveKey")(count),
    asks: true,
    compared: true,
  },
  leanest: {
    title: "the leanest provider",
    program: (count) => leanest + withUrl("LeanKey")(count),
    compared: true,
  },
  many: {
    title: "dynamic resources that do nothing",
    program: (count) => many + loop('new Nothing("key-" + i);')(count),
  },
  engine: {
    title: "the engine alone",
    program: (count) => engine + loop('new Bare("key-" + i);')(count),
    compared: true,
  },
};
