import * as pulumi from "@pulumi/pulumi";
import { ApiKey, RotatingApiKey, ServiceAccount } from "pulumi-apikeys";

const config = new pulumi.Config();
const labels = { owner: "video-team", purpose: "nightly export" };

// NovaVMS: an account with a key that ends by itself.
const recorder = new ServiceAccount("recorder", { connection: "novavms", role: "viewer", labels });
const archive = new ApiKey("archive", {
  connection: "novavms",
  serviceAccountId: recorder.accountId,
  scopes: config.getObject<string[]>("archiveScopes") ?? ["cameras:read"],
  expiresIn: "60d",
  labels,
});

// Pulsely: a key that has a successor every 30 days.
const exporter = new RotatingApiKey("exporter", {
  connection: "pulsely",
  scopes: config.getObject<string[]>("exporterScopes") ?? ["read:checks"],
  fullAccess: config.getBoolean("fullAccess") ?? false, // the consent without which no preview takes a wildcard
  rotateEvery: "30d",
  overlap: "7d",
  emergency: config.get("incident") ?? "none so far",
  labels,
});

export const archiveSecret = archive.secret;
export const exporterSecret = exporter.secret;
export const exporterReason = exporter.rotationReason;
