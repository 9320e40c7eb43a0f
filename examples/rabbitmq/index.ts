import * as pulumi from "@pulumi/pulumi";
import { RotatingApiKey } from "pulumi-apikeys";

const config = new pulumi.Config();

// A user of the broker that reads one kind of queue, and writes its answers to another.
const worker = new RotatingApiKey("worker", {
  scopes: ["read:/:^orders\\.", "write:/:^answers\\."],
  rotateEvery: "30d",
  overlap: "2d",
  // Change this text to have a new user at once, and every older one removed.
  emergency: config.get("incident") ?? "none",
  labels: { owner: "shop", purpose: "order worker" },
});

export const workerUser = worker.accessId;
export const workerPassword = worker.secret;
