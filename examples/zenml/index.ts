import * as pulumi from "@pulumi/pulumi";
import { ApiKey, RotatingApiKey, ServiceAccount } from "pulumi-apikeys";

const config = new pulumi.Config();

const trainer = new ServiceAccount("trainer", {
  description: "starts the nightly training pipeline",
  labels: { owner: "ml-team", purpose: "nightly training" },
});

// ZenML's keys have no scopes and no end of their own: what limits the harm of a lost one is its age.
const pipelineKey = new RotatingApiKey("pipeline-key", {
  serviceAccountId: trainer.accountId,
  rotateEvery: "30d",
  overlap: "7d",
  // Change this text to have a new key at once, and every older one revoked.
  emergency: config.get("incident") ?? "none",
  labels: { owner: "ml-team", purpose: "nightly training" },
});

// A key that stays, for as long as its keepers do.
const notebookKey = new ApiKey("notebook-key", {
  serviceAccountId: trainer.accountId,
  description: config.get("notebookDescription") ?? "the team's notebooks",
  keepers: { quarter: config.get("quarter") ?? "2026-Q4" },
  labels: { owner: "ml-team", purpose: "notebooks" },
});

export const pipelineKeyId = pipelineKey.keyId;
export const pipelineNextRotationAt = pipelineKey.nextRotationAt;
export const pipelineSecret = pipelineKey.secret;
export const notebookKeyId = notebookKey.keyId;
export const notebookSecret = notebookKey.secret;
