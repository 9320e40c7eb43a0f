import * as pulumi from "@pulumi/pulumi";
import { withheldWords } from "./withheld-hash";

/**
 * A text that is compared and shown in clear: one that the program marked secret is represented by a short hash of it, so
 * that a change still shows. @param about - which resource it belongs to: equal texts of two resources differ
 */
export function withheldText(text: pulumi.Input<string>, about: string): pulumi.Output<string> {
  const given = pulumi.output(text);
  return pulumi
    .output(pulumi.isSecret(given))
    .apply((isSecret) => (isSecret ? pulumi.unsecret(given).apply((secret) => withheldWords(secret, about)) : given));
}
