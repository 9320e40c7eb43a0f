import { minuteMs } from "../values/durations";
import type { ScopeCatalogue, ScopeFacts, ScopeLevel } from "../scopes";
import type { Vendor } from "./vendor";
import type { WordsOf } from "./words";

/** Cluster privileges of the document, by what they can do. */
const cluster = {
  read: "monitor monitor_enrich monitor_esql monitor_inference monitor_ml monitor_reindex monitor_transform none read_pipeline read_security",
  write:
    "cancel_task manage_behavioral_analytics manage_enrich manage_esql manage_inference manage_logstash_pipelines manage_ml manage_reindex manage_search_application manage_search_query_rules manage_search_synonyms manage_transform post_behavioral_analytics_event",
  admin: "manage manage_index_templates manage_ingest_pipelines manage_pipeline",
} as const satisfies Readonly<Record<ScopeLevel, string>>;

/** Index privileges of the document, by what they can do. */
const index: Readonly<Record<ScopeLevel, string>> = {
  read: "monitor none read read_view_metadata view_index_metadata",
  write:
    "auto_configure create create_doc create_index create_view delete delete_index delete_view index maintenance write",
  admin: "all manage manage_data_stream_lifecycle manage_view",
};

const levelled = (words: Readonly<Record<ScopeLevel, string>>) =>
  Object.entries(words).flatMap(([level, names]) =>
    names.split(" ").map((name) => [name, level as ScopeLevel] as const),
  );

type ClusterPrivilege = `cluster:${WordsOf<(typeof cluster)[ScopeLevel]>}`;

const catalogue = {
  scopes: {
    ...(Object.fromEntries(
      levelled(cluster).map(([name, level]): [string, ScopeFacts] => [`cluster:${name}`, { level }]),
    ) as Readonly<Record<ClusterPrivilege, ScopeFacts>>),
    "cluster:all": { implies: ["cluster:*"], level: "admin", mintsKeys: true },
    "cluster:manage_security": { level: "admin", mintsKeys: true },
    "cluster:manage_api_key": { level: "admin", mintsKeys: true },
    // It makes keys without privileges.
    "cluster:manage_own_api_key": { level: "admin", mintsKeys: true },
  },
  open: {
    pattern: `^index:(${levelled(index)
      .map(([name]) => name)
      .join("|")}):\\S+$`,
    example: "index:read:logs-shop-*",
    // Between slashes stands a regular expression of Lucene, which has operators of its own.
    expression: { in: "^index:[a-z_]+:/(.*)/$", whole: true, unclear: ["@", "~", "&", "<", "#"] },
    levels: Object.fromEntries(levelled(index).map(([name, level]) => [`index:${name}:`, level])),
  },
} as const satisfies ScopeCatalogue;

export const elasticsearch = {
  name: "elasticsearch",
  capabilities: {
    // The user who owns the admin credential.
    parent: "credential",
    // An update would change them, and would give the key whatever its owner has got since.
    scopes: "mutable",
    // Seconds from now, by Elasticsearch's own clock. An update would set another end, with the same effect.
    expiry: { support: "optional", granularityMs: minuteMs },
    absence: "status",
    listTellsAll: true,
    // The longest name is not documented.
    limits: { nameLength: 100 },
  },
  /**
   * Elasticsearch's privileges (https://www.elastic.co/docs/deploy-manage/users-roles/cluster-or-deployment-auth/elasticsearch-privileges):
   * `cluster:<privilege>`, and `index:<privilege>:<name or pattern>`. Those of the serverless document; a connection adds others
   * with `extraScopes`.
   */
  catalogue,
} as const satisfies Vendor;
