import * as pulumi from "@pulumi/pulumi";
import { ApiKey, ServiceAccount } from "pulumi-apikeys";

const config = new pulumi.Config();

// A project of Parcels is what other services call a service account.
const warehouse = new ServiceAccount("warehouse", { labels: { owner: "logistics" } });

const scanner = new ApiKey("scanner", {
  serviceAccountId: warehouse.accountId,
  // Change this list and run `pulumi up` again: the new key is made before the old one is revoked.
  scopes: config.getObject<string[]>("scannerScopes") ?? ["parcels.read"],
  expiresIn: "30d",
  labels: { owner: "logistics", purpose: "hand scanners" },
});

export const scannerKeyId = scanner.keyId;
export const scannerSecret = scanner.secret;
export const scannerExpiresAt = scanner.expiresAt;
