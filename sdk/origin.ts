import * as pulumi from "@pulumi/pulumi";
import { assertLoadable } from "./program-folder";

/** Which resource of which stack this is: part of the physical name's mark, never a reason for a diff. */
export function originOf(name: string): string {
  return [organization(), pulumi.getProject(), pulumi.getStack(), name].join("/");
}

/** `pulumi.runtime.setMocks` may leave the organisation out; the name then is that of the backends without any. */
function organization(): string {
  try {
    return pulumi.getOrganization();
  } catch {
    return "organization";
  }
}

/** The resource options with what the package itself demands added to the user's own. */
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
  // Two objects cannot bear one exact name, so the old one has to go first.
  if (demands.exactName === true) own.deleteBeforeReplace = true;
  return pulumi.mergeOptions(own, options);
}
