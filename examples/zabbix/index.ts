import * as pulumi from "@pulumi/pulumi";
import { RotatingApiKey, ServiceAccount } from "pulumi-apikeys";

const config = new pulumi.Config();

const collector = new ServiceAccount("collector", {
  role: "User role",
  labels: { owner: "monitoring", purpose: "weekly report" },
});

const key = new RotatingApiKey("collector-key", {
  serviceAccountId: collector.accountId,
  rotateEvery: "30d",
  // Zabbix itself ends the older token when the overlap is over.
  overlap: "2d",
  // Change this text to have a new token at once, and every older one deleted.
  emergency: config.get("incident") ?? "none",
  labels: { owner: "monitoring", purpose: "weekly report" },
});

export const collectorKeyId = key.keyId;
export const collectorSecret = key.secret;
