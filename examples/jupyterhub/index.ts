import * as pulumi from "@pulumi/pulumi";
import { ApiKey, ServiceAccount } from "pulumi-apikeys";

const config = new pulumi.Config();

// A user of the hub that nobody logs in as. Its role is the group it joins: from there it gets the scopes
// that its tokens may have.
const reporter = new ServiceAccount("reporter", {
  role: "service-accounts",
  labels: { owner: "data-team", purpose: "weekly report" },
});

const reporterKey = new ApiKey("reporter-key", {
  serviceAccountId: reporter.accountId,
  // Change this list and run `pulumi up` again: the new token is made before the old one is revoked.
  scopes: config.getObject<string[]>("reporterScopes") ?? ["custom:reports:read"],
  // Tokens of a JupyterHub never change: another life is another token, too.
  expiresIn: "90d",
  labels: { owner: "data-team", purpose: "weekly report" },
});

export const reporterName = reporter.accountId;
export const reporterKeyId = reporterKey.keyId;
export const reporterKeyExpiresAt = reporterKey.expiresAt;
export const reporterSecret = reporterKey.secret;
