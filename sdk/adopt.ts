import * as pulumi from "@pulumi/pulumi";
import type { AdoptKeyArgs } from "./api-key";

/** The input, with its secret encrypted in the state. */
export function withSecretOf(adopt: pulumi.Input<AdoptKeyArgs> | undefined): { adopt?: pulumi.Input<AdoptKeyArgs> } {
  if (adopt === undefined) return {};
  const marked = pulumi
    .output(adopt)
    .apply(({ keyId, secret }) => (secret === undefined ? { keyId } : { keyId, secret: pulumi.secret(secret) }));
  return { adopt: marked };
}
