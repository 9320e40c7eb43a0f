import type { ScopeCatalogue } from "../scopes";
import { jupyterhubCatalogue } from "./jupyterhub";
import { keycloakCatalogue } from "./keycloak";
import { keystoneCatalogue } from "./keystone";
import { novavmsCatalogue } from "./novavms";
import { pulseapiCatalogue } from "./pulseapi";
import { pulselyCatalogue } from "./pulsely";

export type { JupyterhubScope } from "./jupyterhub";
export type { KeycloakScope } from "./keycloak";
export type { KeystoneScope } from "./keystone";
export type { NovavmsScope } from "./novavms";
export type { PulseapiScope } from "./pulseapi";
export type { PulselyScope } from "./pulsely";

/**
 * The scope catalogue of each built-in backend, for readers that must load no backend: the scope
 * review. `undefined` = the backend has no scopes on its keys.
 */
export const builtInCatalogues: Readonly<Record<string, ScopeCatalogue | undefined>> = {
  jupyterhub: jupyterhubCatalogue,
  keycloak: keycloakCatalogue,
  keystone: keystoneCatalogue,
  novavms: novavmsCatalogue,
  pulseapi: pulseapiCatalogue,
  pulsely: pulselyCatalogue,
  zenml: undefined,
};
