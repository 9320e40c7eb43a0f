import * as pulumi from "@pulumi/pulumi";
import type { AdoptKeyArgs } from "./api-key";

/** The input, with its secret encrypted in the state. */
export function withSecretOf(adopt: pulumi.Input<AdoptKeyArgs> | undefined): { adopt?: pulumi.Input<AdoptKeyArgs> } {
  if (adopt === undefined) return {};
  // In a plain object only the secret is encrypted, because the review has to see which key it is.
  if (isPlain(adopt))
    return { adopt: adopt.secret === undefined ? adopt : { ...adopt, secret: pulumi.secret(adopt.secret) } };
  const marked = pulumi
    .output(adopt)
    .apply(({ keyId, secret }) => (secret === undefined ? { keyId } : { keyId, secret: pulumi.secret(secret) }));
  return { adopt: marked };
}

function isPlain(adopt: pulumi.Input<AdoptKeyArgs>): adopt is AdoptKeyArgs {
  return !pulumi.Output.isInstance(adopt) && !(adopt instanceof Promise);
}
