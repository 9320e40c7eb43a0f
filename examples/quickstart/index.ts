import * as pulumi from "@pulumi/pulumi";
import { ApiKey, ServiceAccount } from "pulumi-apikeys";

const config = new pulumi.Config();

// NovaVMS: keys live under a service account.
const exporter = new ServiceAccount("exporter", {
  role: "viewer",
  labels: { owner: "video-team", purpose: "nightly export" },
});

const exporterKey = new ApiKey("exporter-key", {
  serviceAccountId: exporter.accountId,
  // Change this list and run `pulumi up` again: the new key is made before the old one is revoked.
  scopes: config.getObject<string[]>("exporterScopes") ?? ["cameras:read"],
  expiresIn: "90d",
  labels: { owner: "video-team", purpose: "nightly export" },
});

// Pulsely: keys live under the workspace of the connection's admin credential.
const dashboardKey = new ApiKey("dashboard-key", {
  connection: "pulsely",
  scopes: ["read:checks", "read:metrics"],
  labels: { owner: "web-team", purpose: "status page" },
});

export const exporterKeyId = exporterKey.keyId;
export const exporterSecret = exporterKey.secret;
export const dashboardKeyHint = dashboardKey.hint;
export const dashboardSecret = dashboardKey.secret;
