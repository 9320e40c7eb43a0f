import * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random";
import { ApiKey, ServiceAccount } from "pulumi-apikeys";

const config = new pulumi.Config();

// Another text here draws another secret, which makes another key: the old one is revoked after the new one is made.
const secret = new RandomPassword("printer-secret", {
  length: 40,
  special: false,
  keepers: { handover: config.get("handover") ?? "first" },
});

const shop = new ServiceAccount("print-shop");

const printer = new ApiKey("printer", {
  serviceAccountId: shop.accountId,
  scopes: ["labels.print"],
  secretValue: secret.result,
  labels: { owner: "logistics", purpose: "label printer" },
});

/** Known before the key is: the printer can be set up first. */
export const chosenSecret = secret.result;
/** The same, as the service has it. Both are encrypted in the state. */
export const printerSecret = printer.secret;
export const printerKeyId = printer.keyId;
