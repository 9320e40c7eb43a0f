import * as pulumi from "@pulumi/pulumi";
import { RotatingApiKey, ServiceAccount } from "pulumi-apikeys";

const config = new pulumi.Config();
const connections = new pulumi.Config("apikeys").requireObject<Record<string, unknown>>("connections");
/** Remove the connections of services that you do not have: their keys are then not made. */
const uses = (connection: string) => connection in connections;

const labels = { owner: "platform", purpose: "one key of each service" };
/** What any key of this program has in common. Change the text of `incident` to have new keys at once. */
const rotation = { rotateEvery: "90d", emergency: config.get("incident") ?? "none", labels };

export const keyIds: Record<string, pulumi.Output<string>> = {};
export const secrets: Record<string, pulumi.Output<string | undefined>> = {};

function publish(name: string, key: RotatingApiKey): void {
  keyIds[name] = key.keyId;
  secrets[name] = key.secret;
}

if (uses("cloudflare")) {
  publish(
    "cloudflare",
    new RotatingApiKey("deployer", {
      connection: "cloudflare",
      scopes: ["Workers Scripts Write", "DNS Write"],
      expiresIn: "120d",
      ...rotation,
    }),
  );
}

if (uses("confluent")) {
  const producer = new ServiceAccount("producer", { connection: "confluent", labels });
  publish(
    "confluent",
    new RotatingApiKey("producer-key", {
      connection: "confluent",
      serviceAccountId: producer.accountId,
      options: { resource: "cloud" },
      ...rotation,
    }),
  );
}

if (uses("datadog")) {
  const exporter = new ServiceAccount("exporter", { connection: "datadog", labels });
  publish(
    "datadog",
    new RotatingApiKey("exporter-key", {
      connection: "datadog",
      serviceAccountId: exporter.accountId,
      scopes: ["metrics_read"],
      expiresIn: "120d",
      ...rotation,
    }),
  );
}

if (uses("elasticsearch")) {
  publish(
    "elasticsearch",
    new RotatingApiKey("indexer", { connection: "elasticsearch", scopes: ["index:create_doc:logs-shop"], ...rotation }),
  );
}

if (uses("gitlab")) {
  const deployer = new ServiceAccount("deployer", { connection: "gitlab", labels });
  publish(
    "gitlab",
    new RotatingApiKey("deployer-token", {
      connection: "gitlab",
      serviceAccountId: deployer.accountId,
      scopes: ["read_registry"],
      expiresIn: "120d",
      ...rotation,
    }),
  );
}

if (uses("grafana")) {
  const reports = new ServiceAccount("reports", { connection: "grafana", role: "Viewer", labels });
  publish(
    "grafana",
    new RotatingApiKey("reports-key", { connection: "grafana", serviceAccountId: reports.accountId, ...rotation }),
  );
}

if (uses("openai")) {
  const summariser = new ServiceAccount("summariser", { connection: "openai", role: "member", labels });
  publish(
    "openai",
    new RotatingApiKey("summariser-key", {
      connection: "openai",
      serviceAccountId: summariser.accountId,
      scopes: ["api.model.request"],
      expiresIn: "120d",
      ...rotation,
    }),
  );
}

if (uses("sendgrid")) {
  publish(
    "sendgrid",
    new RotatingApiKey("mailer", { connection: "sendgrid", scopes: ["mail.send"], overlap: "7d", ...rotation }),
  );
}
