import * as pulumi from "@pulumi/pulumi";
import { assertLoadable } from "./program-folder";

/** The resource and its stack, for the mark in the physical name. It never causes a diff. */
export function originOf(name: string): string {
  return [organization(), pulumi.getProject(), pulumi.getStack(), name].join("/");
}

/**
 * `pulumi.runtime.setMocks` may leave the organisation out. Then the name is the one of backends without organisations.
 */
function organization(): string {
  try {
    return pulumi.getOrganization();
  } catch {
    return "organization";
  }
}

/** The user's resource options, with those that this package needs. */
export function withDemands(
  options: pulumi.CustomResourceOptions | undefined,
  demands: { readonly secretOutputs?: string[]; readonly exactName?: boolean | undefined },
): pulumi.CustomResourceOptions {
  if (options?.import !== undefined)
    throw new pulumi.RunError(
      "a dynamic resource cannot be imported: Pulumi has no way to. Take the object over with the input adopt ({ keyId } of a key, { accountId } of a ServiceAccount) instead of the option import, or import it through the plugin.",
    );
  assertLoadable();
  const own: pulumi.CustomResourceOptions = {};
  if (demands.secretOutputs) own.additionalSecretOutputs = demands.secretOutputs;
  // Two objects cannot have one exact name, so the old one has to go first.
  if (demands.exactName === true) own.deleteBeforeReplace = true;
  return pulumi.mergeOptions(own, options);
}
