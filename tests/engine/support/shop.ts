/** The program of the team's shop: two keys, and somebody who uses one of them. */
export function shopProgram(scopes: readonly string[], more = ""): string {
  return `"use strict";
const pulumi = require("@pulumi/pulumi");
const { ApiKey, RotatingApiKey } = require("pulumi-apikeys");

/** A consumer that needs no plugin: it takes any inputs and gives them back. */
class Deployment extends pulumi.CustomResource {
  constructor(name, args) {
    super("pulumi-nodejs:dynamic/example:Deployment", name, { ...args, __provider: "exports.handler=()=>({check:async(o,n)=>({inputs:n}),create:async(i)=>({id:'deployment',outs:i}),update:async(i,o,n)=>({outs:n}),diff:async(i,o,n)=>({}),delete:async()=>{}})" });
  }
}

exports.webhook = new pulumi.Config().requireSecret("webhook");

const dashboard = new ApiKey("dashboard", {
  scopes: ${JSON.stringify(scopes)},
  expiresIn: "60d",
  labels: { owner: "web-team", purpose: "status page" },
});
const exporter = new RotatingApiKey("exporter", {
  scopes: ["read:metrics"],
  rotateEvery: "30d",
  overlap: "7d",
  labels: { owner: "data-team", purpose: "nightly export" },
});
new Deployment("status-page", { token: dashboard.secret });
exports.dashboard = dashboard.secret;
exports.exporter = exporter.secret;
${more}`;
}
