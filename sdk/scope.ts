import type { vendors } from "../provider/vendors";
import type { RoleOf, ScopeOf } from "../provider/vendors/vendor";

/**
 * A scope of the built-in vendor with that name: those of its catalogue, and any other word if the catalogue is open.
 */
export type VendorScope<Name extends keyof typeof vendors> = ScopeOf<(typeof vendors)[Name]>;

export type CloudflareScope = VendorScope<"cloudflare">;
export type DatadogScope = VendorScope<"datadog">;
export type ElasticsearchScope = VendorScope<"elasticsearch">;
export type GitlabScope = VendorScope<"gitlab">;
export type JupyterhubScope = VendorScope<"jupyterhub">;
export type KeycloakScope = VendorScope<"keycloak">;
export type KeystoneScope = VendorScope<"keystone">;
export type NovavmsScope = VendorScope<"novavms">;
export type OpenaiScope = VendorScope<"openai">;
export type PulseapiScope = VendorScope<"pulseapi">;
export type PulselyScope = VendorScope<"pulsely">;
export type RabbitmqScope = VendorScope<"rabbitmq">;
export type SendgridScope = VendorScope<"sendgrid">;

/** A scope of any service: an editor completes those of the built-in catalogues; `check` uses the connection's. */
export type Scope = VendorScope<keyof typeof vendors>;

/** A role of the built-in vendor with that name, if its accounts have roles. */
export type VendorRole<Name extends keyof typeof vendors> = RoleOf<(typeof vendors)[Name]>;

export type GrafanaRole = VendorRole<"grafana">;
export type NovavmsRole = VendorRole<"novavms">;
export type OpenaiRole = VendorRole<"openai">;

/** A role of an account on any service: an editor completes those that vendors list; `check` uses the connection's. */
export type Role = VendorRole<keyof typeof vendors>;
