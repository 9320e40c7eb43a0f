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

export const printerKeyId = printer.keyId;
/** The chosen one. It is encrypted in the state, wherever it stands there. */
export const printerSecret = printer.secret;
/** True: the printer could have been set up with it before the key was there. */
export const isAsChosen = pulumi.all([secret.result, printer.secret]).apply(([chosen, told]) => chosen === told);
