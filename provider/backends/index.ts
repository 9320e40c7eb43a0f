import type { Backend } from "./definition";

/**
 * The built-in backends by the name that a connection uses. Each is loaded when a connection needs it: a program that
 * uses one service loads one backend.
 */
/* eslint-disable @typescript-eslint/no-require-imports -- the only way to load a module late and at once in CommonJS */
export const builtInBackends: Readonly<Record<string, () => Backend>> = {
  cloudflare: () => (require("./cloudflare") as typeof import("./cloudflare")).cloudflare,
  confluent: () => (require("./confluent") as typeof import("./confluent")).confluent,
  datadog: () => (require("./datadog") as typeof import("./datadog")).datadog,
  elasticsearch: () => (require("./elasticsearch") as typeof import("./elasticsearch")).elasticsearch,
  gitlab: () => (require("./gitlab") as typeof import("./gitlab")).gitlab,
  grafana: () => (require("./grafana") as typeof import("./grafana")).grafana,
  jupyterhub: () => (require("./jupyterhub") as typeof import("./jupyterhub")).jupyterhub,
  keycloak: () => (require("./keycloak") as typeof import("./keycloak")).keycloak,
  keystone: () => (require("./keystone") as typeof import("./keystone")).keystone,
  novavms: () => (require("./novavms") as typeof import("./novavms")).novavms,
  openai: () => (require("./openai") as typeof import("./openai")).openai,
  pulseapi: () => (require("./pulseapi") as typeof import("./pulseapi")).pulseapi,
  pulsely: () => (require("./pulsely") as typeof import("./pulsely")).pulsely,
  rabbitmq: () => (require("./rabbitmq") as typeof import("./rabbitmq")).rabbitmq,
  sendgrid: () => (require("./sendgrid") as typeof import("./sendgrid")).sendgrid,
  zabbix: () => (require("./zabbix") as typeof import("./zabbix")).zabbix,
  zenml: () => (require("./zenml") as typeof import("./zenml")).zenml,
};
