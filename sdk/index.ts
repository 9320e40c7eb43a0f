/** `pulumi-apikeys`: service accounts and API keys as Pulumi resources. */
export { ApiKey, type ApiKeyArgs, type KeyArgs } from "./api-key";
export type { AccountOptions, GivenOptions, KeyOptions, VendorAccountOptions, VendorKeyOptions } from "./options";
export { RotatingApiKey, type RotatingApiKeyArgs } from "./rotating-api-key";
export type {
  ElasticsearchScope,
  GrafanaRole,
  JupyterhubScope,
  KeycloakScope,
  KeystoneScope,
  NovavmsRole,
  NovavmsScope,
  PulseapiScope,
  PulselyScope,
  RabbitmqScope,
  Role,
  Scope,
  VendorRole,
  VendorScope,
} from "./scope";
export { ServiceAccount, type ServiceAccountArgs } from "./service-account";
