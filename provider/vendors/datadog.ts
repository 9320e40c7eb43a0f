import { dayMs, secondMs } from "../values/durations";
import type { ScopeFacts } from "../scopes";
import type { Vendor } from "./vendor";
import { factsOf, wordsOf } from "./words";

/** The permissions in Datadog's API document, and those that let their holder issue keys. */
const names = [
  "apm_api_catalog_read apm_api_catalog_write apm_read apm_service_catalog_read apm_service_catalog_write appsec_vm_read",
  "billing_read bits_investigations_read bits_investigations_write cases_read cases_write ci_visibility_pipelines_write",
  "ci_visibility_read cloud_cost_management_read cloud_cost_management_write code_analysis_read code_coverage_read",
  "continuous_profiler_pgo_read coterm_read coterm_write create_webhooks dashboards_embed_share dashboards_invite_share",
  "dashboards_public_share dashboards_read dashboards_write data_scanner_read data_scanner_write embeddable_graphs_share",
  "error_tracking_read error_tracking_write events_read hosts_read incident_notification_settings_read",
  "incident_notification_settings_write incident_read incident_settings_read incident_settings_write incident_write",
  "metrics_read monitors_downtime monitors_read monitors_write org_connections_read org_connections_write",
  "security_comments_read security_monitoring_critical_assets_read security_monitoring_critical_assets_write",
  "security_monitoring_filters_read security_monitoring_filters_write security_monitoring_findings_read",
  "security_monitoring_rules_read security_monitoring_rules_write security_monitoring_signals_read",
  "security_monitoring_suppressions_read security_monitoring_suppressions_write security_pipelines_read",
  "security_pipelines_write slos_corrections slos_read slos_write synthetics_global_variable_read",
  "synthetics_global_variable_write synthetics_private_location_read synthetics_private_location_write synthetics_read",
  "synthetics_write teams_manage teams_read test_optimization_read test_optimization_settings_write",
  "test_optimization_write timeseries_query usage_read user_access_read workflows_read workflows_run workflows_write",
] as const;

const issuesKeys: ScopeFacts = { level: "admin", mintsKeys: true };

const scopes = {
  ...factsOf(wordsOf(names), {}),
  timeseries_query: { level: "read" },
  // They show the values of keys that others hold.
  api_keys_read: { level: "admin" },
  org_app_keys_read: { level: "admin" },
  org_management: { level: "admin" },
  user_access_invite: { level: "admin" },
  user_access_manage: issuesKeys,
  service_account_write: issuesKeys,
  api_keys_write: issuesKeys,
  org_app_keys_write: issuesKeys,
  user_app_keys: issuesKeys,
} as const satisfies Readonly<Record<string, ScopeFacts>>;

export const datadog = {
  name: "datadog",
  defaultUrl: "https://api.datadoghq.com",
  capabilities: {
    parent: "serviceAccount",
    // None of these calls changes an account's roles.
    serviceAccounts: { name: "update", role: "replace" },
    // Scopes could be changed in place; here every change replaces the key.
    scopes: "mutable",
    // The form of application keys and personal tokens; that of access tokens is not documented.
    secret: { shape: "(?<prefix>dd[a-z]{2,4}_)[A-Za-z0-9_-]{16,}" },
    rename: true,
    expiry: { support: "optional", longestMs: 365 * dayMs },
    // Datadog does not document how late and how exact it is.
    lastUsed: { lagMs: dayMs, granularityMs: secondMs },
    // A 404 is documented, but not that it is sent only for things that are gone.
    absence: "list",
    listTellsAll: true,
    // The longest name is not documented.
    limits: { nameLength: 50 },
  },
  /**
   * Scopes are permissions. Organizations have more of them than the document names, so any word of that form is
   * accepted.
   */
  catalogue: { scopes, open: { pattern: "^[a-z0-9_]+$", example: "dashboards_read" } },
} as const satisfies Vendor;
