import * as pulumi from "@pulumi/pulumi";
import { ApiKey, RotatingApiKey, ServiceAccount } from "pulumi-apikeys";

const config = new pulumi.Config();

// A user that nobody logs in as. Its roles are the most that its keys can have.
const backup = new ServiceAccount("backup", {
  description: "copies volumes at night",
  scopes: ["member"],
  labels: { owner: "storage-team", purpose: "nightly backup" },
});

// An application credential: `accessId` is its id, `secret` its secret.
const backupKey = new ApiKey("backup-key", {
  serviceAccountId: backup.accountId,
  // Change this list and run `pulumi up` again: the new key is made before the old one is revoked.
  scopes: config.getObject<string[]>("backupScopes") ?? ["reader"],
  // Nothing of an application credential can be changed: another life is another key, too.
  expiresIn: config.get("backupLife") ?? "90d",
  labels: { owner: "storage-team", purpose: "nightly backup" },
});

// Keystone rotates nothing: the second key stands beside the first one for the overlap.
const restoreKey = new RotatingApiKey("restore-key", {
  serviceAccountId: backup.accountId,
  scopes: ["member"],
  rotateEvery: "30d",
  overlap: "7d",
  labels: { owner: "storage-team", purpose: "restore drills" },
});

export const backupName = backup.physicalName;
export const backupKeyId = backupKey.accessId;
export const backupSecret = backupKey.secret;
export const restoreKeyId = restoreKey.accessId;
export const restoreSecret = restoreKey.secret;
export const restoreNextRotationAt = restoreKey.nextRotationAt;
