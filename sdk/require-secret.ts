import * as pulumi from "@pulumi/pulumi";

/** Nobody has the secret that the program needs: see {@link requireSecret}. */
export class MissingSecretError extends pulumi.RunError {
  constructor(name: string) {
    super(
      `the key "${name}" was taken over without its secret, so nobody has it. Give it as adopt.secret when the key is taken over, or rotate the key (firstRotation: "now"), or replace it.`,
    );
    this.name = "MissingSecretError";
  }
}

/**
 * The secret of a key, for programs that cannot do without: for an adopted key without a secret the update fails, and
 * no consumer gets an empty value.
 *
 * @throws MissingSecretError - in the output, once that is known
 */
export function requireSecret(key: {
  readonly urn: pulumi.Output<string>;
  readonly secret: pulumi.Output<string | undefined>;
}): pulumi.Output<string> {
  return pulumi.all([key.urn, key.secret]).apply(([urn, secret]) => {
    if (secret === undefined) throw new MissingSecretError(urn.split("::").slice(3).join("::"));
    return secret;
  });
}
