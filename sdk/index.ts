/** `pulumi-apikeys`: service accounts and API keys as Pulumi resources. */
export { type AdoptKeyArgs, ApiKey, type ApiKeyArgs, type FoundKey, type KeyArgs } from "./api-key";
export type { Duration } from "./duration";
export type { AccountOptions, GivenOptions, KeyOptions, VendorAccountOptions, VendorKeyOptions } from "./options";
export { MissingSecretError, requireSecret } from "./require-secret";
export { RotatingApiKey, type RotatingApiKeyArgs } from "./rotating-api-key";
export type {
  ElasticsearchScope,
  GitlabScope,
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
export { type AdoptAccountArgs, ServiceAccount, type ServiceAccountArgs } from "./service-account";
