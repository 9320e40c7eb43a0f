// What the platform team promises of every key, in one place: an owner, a purpose, a rotation and an overlap.
import * as pulumi from "@pulumi/pulumi";
import { RotatingApiKey } from "pulumi-apikeys";

export interface TeamKeyArgs {
  readonly team: string;
  readonly purpose: string;
  readonly scopes: readonly string[];
}

/** A key that a team's program uses. It rotates, and the previous key works on while consumers move to the new one. */
export class TeamKey extends pulumi.ComponentResource {
  /** What consumers get: the current secret, and the previous one while it is valid. */
  readonly published: pulumi.Output<{ readonly current: string | undefined; readonly previous: string | undefined }>;

  constructor(name: string, { team, purpose, scopes }: TeamKeyArgs, options?: pulumi.ComponentResourceOptions) {
    super("acme:index:TeamKey", name, {}, options);
    const stack = pulumi.getStack();
    const key = new RotatingApiKey(
      name,
      {
        connection: stack,
        environment: stack === "prod" ? "live" : "test",
        scopes: [...scopes],
        rotateEvery: "30d",
        overlap: "7d",
        labels: { owner: team, purpose },
      },
      { parent: this },
    );
    this.published = pulumi.secret({ current: key.secret, previous: key.previousSecret });
    this.registerOutputs({ published: this.published });
  }
}
