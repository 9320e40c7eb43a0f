/**
 * The built-in vendors, by the name that a connection uses. Plain data, for readers that must not load a backend: the
 * scope review, the policy pack, the README's table, the SDK's types.
 */
import { cloudflare } from "./cloudflare";
import { confluent } from "./confluent";
import { datadog } from "./datadog";
import { elasticsearch } from "./elasticsearch";
import { gitlab } from "./gitlab";
import { grafana } from "./grafana";
import { jupyterhub } from "./jupyterhub";
import { keycloak } from "./keycloak";
import { keystone } from "./keystone";
import { novavms } from "./novavms";
import { openai } from "./openai";
import { pulseapi } from "./pulseapi";
import { pulsely } from "./pulsely";
import { rabbitmq } from "./rabbitmq";
import { sendgrid } from "./sendgrid";
import type { Vendor } from "./vendor";
import { zabbix } from "./zabbix";
import { zenml } from "./zenml";

export const vendors = {
  cloudflare,
  confluent,
  datadog,
  elasticsearch,
  gitlab,
  grafana,
  jupyterhub,
  keycloak,
  keystone,
  novavms,
  openai,
  pulseapi,
  pulsely,
  rabbitmq,
  sendgrid,
  zabbix,
  zenml,
} as const satisfies Readonly<Record<string, Vendor>>;

/** The vendor with that name; undefined if it is not built in. */
export function vendorNamed(name: string): Vendor | undefined {
  return Object.hasOwn(vendors, name) ? vendors[name as keyof typeof vendors] : undefined;
}

/** The built-in vendors whose catalogue lists the scope. */
export function vendorsWithScope(scope: string): string[] {
  return Object.values<Vendor>(vendors)
    .filter(({ catalogue }) => catalogue !== undefined && Object.hasOwn(catalogue.scopes, scope))
    .map(({ name }) => name);
}
