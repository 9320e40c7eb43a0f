import { cloudflareRepair, startCloudflare } from "../../doubles/cloudflare";
import { startConfluent } from "../../doubles/confluent";
import { datadogRefusals, startDatadog } from "../../doubles/datadog";
import type { VendorDouble } from "../../doubles/double";
import { elasticsearchRefusals, startElasticsearch } from "../../doubles/elasticsearch";
import { startGitlab } from "../../doubles/gitlab";
import { startGrafana } from "../../doubles/grafana";
import { openaiRefusals, startOpenai } from "../../doubles/openai";
import { startSendgrid } from "../../doubles/sendgrid";
import type { UndeclaredAnswers } from "./undeclared-answers";

/** A double that can be asked what lives on it. */
export interface HostedDouble extends VendorDouble {
  readonly adminToken: string;
  /** The ids of all living keys. */
  livingKeys(): readonly string[];
}

/** A service of the example of hosted services. */
export interface HostedVendor {
  readonly start: () => Promise<HostedDouble>;
  /** Where the example looks for its credential. */
  readonly tokenEnv: string;
  /** Further fields of the connection. */
  readonly connection?: Readonly<Record<string, unknown>>;
  /** As in the vendor's own suite. */
  readonly alsoAnswers?: UndeclaredAnswers;
}

/** By the backend's name, which is the connection's in the example, and that of the vendor's document. */
export const hosted: Readonly<Record<string, HostedVendor>> = {
  cloudflare: {
    start: startCloudflare,
    tokenEnv: "CLOUDFLARE_ADMIN_TOKEN",
    connection: { account: "0123456789abcdef0123456789abcdef" },
    alsoAnswers: cloudflareRepair,
  },
  confluent: { start: startConfluent, tokenEnv: "CONFLUENT_ADMIN_KEY" },
  datadog: {
    start: startDatadog,
    tokenEnv: "DATADOG_ADMIN_CREDENTIAL",
    connection: { accountEmail: "platform@example.com" },
    alsoAnswers: datadogRefusals,
  },
  elasticsearch: {
    start: startElasticsearch,
    tokenEnv: "ELASTICSEARCH_ADMIN_CREDENTIAL",
    connection: { owner: "keymaker" },
    alsoAnswers: elasticsearchRefusals,
  },
  gitlab: { start: startGitlab, tokenEnv: "GITLAB_ADMIN_TOKEN", connection: { group: "acme" } },
  grafana: { start: startGrafana, tokenEnv: "GRAFANA_ADMIN_TOKEN" },
  openai: {
    start: startOpenai,
    tokenEnv: "OPENAI_ADMIN_KEY",
    connection: { project: "proj_double" },
    alsoAnswers: openaiRefusals,
  },
  sendgrid: { start: startSendgrid, tokenEnv: "SENDGRID_ADMIN_KEY" },
};
