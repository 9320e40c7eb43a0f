import * as pulumi from "@pulumi/pulumi";
import { ApiKey, RotatingApiKey, ServiceAccount } from "pulumi-apikeys";

const config = new pulumi.Config();

// A client that logs in for itself. What its key may do are the client's scopes; they change in place.
const reports = new ServiceAccount("reports", {
  description: "sends the weekly report",
  scopes: config.getObject<string[]>("reportScopes") ?? ["profile", "roles"],
  labels: { owner: "data-team", purpose: "weekly report" },
});

// A client has one secret, so each key gets an account of its own. The realm's policy lets the secret before
// work for a day after each rotation: within it the new one has to reach its users.
const reportsKey = new RotatingApiKey("reports-key", {
  serviceAccountId: reports.accountId,
  rotateEvery: "30d",
  overlap: "24h",
  // Change this text to have a new secret at once, and the one before dead.
  emergency: config.get("incident") ?? "none",
  labels: { owner: "data-team", purpose: "weekly report" },
});

const audit = new ServiceAccount("audit", { labels: { owner: "data-team", purpose: "audit" } });

const auditKey = new ApiKey("audit-key", {
  serviceAccountId: audit.accountId,
  keepers: { quarter: config.get("quarter") ?? "2026-Q4" },
  // Another key takes the place of the one before: between its end and the next update of its users there is a gap.
  allowOutage: true,
  labels: { owner: "data-team", purpose: "audit" },
});

// Where the keys' holders get their access tokens.
export const tokenUrl = pulumi.interpolate`${reports.service}/protocol/openid-connect/token`;
export const reportsClientId = reportsKey.accessId;
export const reportsSecret = reportsKey.secret;
export const reportsNextRotationAt = reportsKey.nextRotationAt;
export const auditClientId = auditKey.accessId;
export const auditSecret = auditKey.secret;
