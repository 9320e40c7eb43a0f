import * as pulumi from "@pulumi/pulumi";
import { ApiKey, RotatingApiKey, ServiceAccount } from "pulumi-apikeys";

const config = new pulumi.Config();
const labels = { owner: "video-team", purpose: "nightly export" };

/** `pulumi import` works through the plugin, and puts its types into the state: here they become those of this program. */
const imported = (type: string) => ({ aliases: [{ type: `apikeys:index:${type}` }] });

// Imported by the command, with its secret.
const legacy = new ServiceAccount("legacy", { role: "viewer", labels }, imported("ServiceAccount"));
const camera = new ApiKey(
  "camera",
  {
    serviceAccountId: legacy.accountId,
    scopes: config.requireObject<string[]>("cameraScopes"),
    labels,
    // Without this, a replacement or a destroy would leave a key that others have made on the service.
    revokeOnDestroy: true,
  },
  imported("ApiKey"),
);

// Taken over by the program itself. Nobody has its secret any more, so the next update gives it a successor that has one.
const events = new RotatingApiKey("events", {
  serviceAccountId: legacy.accountId,
  scopes: ["events:read"],
  rotateEvery: "90d",
  labels,
  adopt: { keyId: config.require("eventsKeyId") },
  firstRotation: "now",
});

export const cameraKeyId = camera.keyId;
export const cameraSecret = camera.secret;
export const eventsKeyId = events.keyId;
export const eventsSecret = events.secret;
export const eventsReason = events.rotationReason;
