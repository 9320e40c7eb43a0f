import type {
  JupyterhubScope,
  KeycloakScope,
  KeystoneScope,
  NovavmsScope,
  PulseapiScope,
  PulselyScope,
} from "../provider/catalogues";

export type { JupyterhubScope, KeycloakScope, KeystoneScope, NovavmsScope, PulseapiScope, PulselyScope };

/** A scope of any service: an editor completes those of the built-in catalogues, `check` judges by the connection's. */
export type Scope = PulselyScope | NovavmsScope | PulseapiScope | JupyterhubScope | KeycloakScope | KeystoneScope;
