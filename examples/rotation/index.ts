import * as pulumi from "@pulumi/pulumi";
import { RotatingApiKey } from "pulumi-apikeys";

const config = new pulumi.Config();

const exporter = new RotatingApiKey("exporter", {
  scopes: config.getObject<string[]>("scopes") ?? ["read:checks"],
  rotateEvery: "30d",
  overlap: "7d",
  jitter: "2d",
  labels: { owner: "metrics-team", purpose: "nightly export" },
});

/** What consumers get: in a real stack, the content of a secret in Kubernetes, Vault or a parameter store. */
export const published = pulumi.secret({ current: exporter.secret, previous: exporter.previousSecret });
export const previousValidUntil = exporter.previousValidUntil;
export const exporterSecret = exporter.secret;
export const reason = exporter.rotationReason;
export const nextRotationAt = exporter.nextRotationAt;
