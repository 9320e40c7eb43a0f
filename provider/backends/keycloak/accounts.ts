/** Service accounts of Keycloak: confidential clients of one realm. */
import { z } from "zod";
import { ResponseShapeError } from "../../errors";
import type { NewServiceAccount, ServiceAccount, ServiceAccountChanges } from "../definition";
import {
  type Client,
  type ClientChange,
  clientSchema,
  hasExpired,
  own,
  serviceAccountKind,
  toAccount,
  withoutKey,
} from "./client";
import { halfMade } from "../half-made";
import type { Realm } from "./realm";

export class KeycloakAccounts {
  readonly #realm: Realm;

  constructor(realm: Realm) {
    this.#realm = realm;
  }

  async create({ name, description, scopes, labels }: NewServiceAccount): Promise<ServiceAccount> {
    const { http, clientsAt } = this.#realm;
    const attributes = { [own.account]: "true", [own.accountLabels]: JSON.stringify(labels ?? {}) };
    const asked = scopes && { defaultClientScopes: scopes, optionalClientScopes: [] };
    const json = { clientId: name, description, ...serviceAccountKind, attributes, ...asked };
    const { headers } = await http.request({ method: "POST", path: clientsAt, json });
    const id = headers.location?.split("/").pop();
    if (!id) {
      throw new ResponseShapeError(
        `POST ${clientsAt} was answered without the new client's Location. Check the connection's url and the service's version.`,
      );
    }
    const account = toAccount(await this.#realm.readAfterChange(id));
    const missing = (scopes ?? []).filter((scope) => !account.scopes?.includes(scope));
    if (missing.length === 0) return account;
    await halfMade(() => this.remove(id));
    throw await this.#realm.unknownScopes(missing);
  }

  async get(id: string): Promise<ServiceAccount | undefined> {
    const client = await this.#realm.findClient(id);
    return client && toAccount(client);
  }

  async list({ name }: { readonly name?: string }): Promise<ServiceAccount[]> {
    const clients = await this.#realm.read(this.#realm.clientsAt, z.array(clientSchema), { clientId: name });
    const accounts = clients.filter(({ serviceAccountsEnabled }) => serviceAccountsEnabled);
    return accounts.filter(({ clientId }) => name === undefined || clientId === name).map(toAccount);
  }

  async update(id: string, { description, scopes, labels }: ServiceAccountChanges): Promise<ServiceAccount> {
    const client = await this.#realm.readClient(id);
    if (scopes) await this.#realm.giveScopes(id, scopes);
    if (labels || description !== undefined)
      await this.#change(client, {
        attributes: labels ? { [own.accountLabels]: JSON.stringify(labels) } : {},
        ...(description !== undefined && { description }),
      });
    return toAccount(await this.#realm.readClient(id));
  }

  async enable(id: string): Promise<void> {
    await this.#change(await this.#realm.readClient(id), { attributes: {}, enabled: true });
  }

  /** An expired secret is useless, and no change must revive it. */
  async #change(client: Client, change: ClientChange): Promise<void> {
    const dead = hasExpired(client) ? withoutKey() : { attributes: {} };
    const attributes = { ...dead.attributes, ...change.attributes };
    await this.#realm.changeClient(client.id, { ...dead, ...change, attributes });
  }

  remove(id: string): Promise<boolean> {
    return this.#realm.remove(this.#realm.clientAt(id));
  }
}
