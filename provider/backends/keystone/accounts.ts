/** Service accounts of Keystone: users of one domain, with roles on one project. */
import { z } from "zod";
import { defined } from "../../values/defined";
import { ConfigError, InputError, ProviderError, ResponseShapeError, wordsOf } from "../../errors";
import { path } from "../../http/request";
import { nearestWord } from "../../scopes";
import type { NewServiceAccount, ServiceAccount, ServiceAccountChanges } from "../definition";
import { foundUser, foundUsers, type KeystoneApi, managedBy, type User, userAt } from "./api";

const named = z.array(z.object({ id: z.string().min(1), name: z.string() }));
const assignments = z.object({ role_assignments: z.array(z.object({ role: z.object({ id: z.string() }) })) });
type Role = z.infer<typeof named>[number];

export class KeystoneAccounts {
  readonly #api: KeystoneApi;
  readonly #place: { readonly project: string; readonly domainId: string };

  constructor(api: KeystoneApi, place: { readonly project: string; readonly domainId: string }) {
    this.#api = api;
    this.#place = place;
  }

  async create({ name, description, scopes = [] }: NewServiceAccount): Promise<ServiceAccount> {
    const [project, roles] = [await this.#findProject(), await this.#findRoles(scopes)];
    const { user } = await this.#api.ask("POST", "/users", foundUser, {
      json: {
        user: {
          name,
          description,
          domain_id: this.#place.domainId,
          default_project_id: project,
          enabled: true,
          managed_by: managedBy,
          // Otherwise an operator's rule can require a new password at the first login.
          options: { ignore_change_password_upon_first_use: true },
        },
      },
    });
    try {
      await this.#grant(user, roles);
    } catch (cause) {
      const words = cause instanceof ProviderError ? cause.message : "";
      const told = `the service account "${name}" could not be given its roles`;
      await this.remove(user.id).catch((refusal: unknown) => {
        throw new ResponseShapeError(
          `${told}, and the user ${user.id} could not be removed again: ${wordsOf(refusal)} ${words}`,
          { cause },
        );
      });
      throw new ProviderError(`${told}; it was removed again. ${words}`, { cause });
    }
    return toAccount(user, roles);
  }

  async get(id: string): Promise<ServiceAccount | undefined> {
    const user = await this.findUser(id);
    return user && this.#withRoles(user);
  }

  async list({ name }: { readonly name?: string }): Promise<ServiceAccount[]> {
    const query = { domain_id: this.#place.domainId, name };
    const { users } = await this.#api.ask("GET", "/users", foundUsers, { query });
    const own = users.filter((user) => user.managed_by === managedBy && (name === undefined || user.name === name));
    // Roles cost a request each, so only a list by name reports them.
    return name === undefined
      ? own.map((user) => toAccount(user))
      : Promise.all(own.map((user) => this.#withRoles(user)));
  }

  async update(id: string, { name, description, scopes }: ServiceAccountChanges): Promise<ServiceAccount> {
    const wanted = scopes && (await this.#findRoles(scopes));
    // Keystone refuses a PATCH that changes nothing.
    const isSame = name === undefined && description === undefined;
    const { user } = isSame
      ? await this.#api.ask("GET", userAt(id), foundUser)
      : await this.#api.ask("PATCH", userAt(id), foundUser, { json: { user: { name, description } } });
    if (wanted) {
      const held = await this.#rolesOf(user);
      await this.#grant(user, without(wanted, held));
      for (const role of without(held, wanted)) await this.#api.remove((await this.#rolesAt(user)) + path`/${role.id}`);
    }
    return this.#withRoles(user);
  }

  async enable(id: string): Promise<void> {
    await this.#api.ask("PATCH", userAt(id), foundUser, { json: { user: { enabled: true } } });
  }

  remove(id: string): Promise<boolean> {
    return this.#api.remove(userAt(id));
  }

  async findUser(id: string): Promise<User | undefined> {
    return (await this.#api.find(userAt(id), foundUser))?.user;
  }

  /**
   * True if keys of the user with these roles still open anything on the project. A role that was taken away works
   * again once it is given back.
   */
  async canStillUse(userId: string, project: string | undefined, roles: readonly Role[]): Promise<boolean> {
    if (!(await this.findUser(userId))?.enabled) return false;
    if (project === undefined) return true;
    const query = { "user.id": userId, "scope.project.id": project, effective: "true" };
    const held = await this.#api.find("/role_assignments", assignments, query);
    // A deleted project takes its roles with it.
    return roles.every(({ id }) => held?.role_assignments.some(({ role }) => role.id === id) ?? false);
  }

  /** An account keeps the project that it was made with. */
  async projectOf({ default_project_id }: User): Promise<string> {
    return default_project_id ?? (await this.#findProject());
  }

  async #findProject(): Promise<string> {
    const { project, domainId } = this.#place;
    const query = { name: project, domain_id: domainId };
    const { projects } = await this.#api.ask("GET", "/projects", z.object({ projects: named }), { query });
    if (projects[0]) return projects[0].id;
    throw new ConfigError(
      `the domain "${domainId}" of this Keystone has no project "${project}"; make it, or correct the connection's "project" or "domainId".`,
    );
  }

  async #findRoles(names: readonly string[]): Promise<Role[]> {
    const { roles } = await this.#api.ask("GET", "/roles", z.object({ roles: named }));
    return names.map((name) => roles.find((role) => role.name === name) ?? unknownRole(name, roles));
  }

  async #withRoles(user: User): Promise<ServiceAccount> {
    return toAccount(user, await this.#rolesOf(user));
  }

  async #rolesOf(user: User): Promise<Role[]> {
    // A deleted project takes its roles with it.
    return (await this.#api.find(await this.#rolesAt(user), z.object({ roles: named })))?.roles ?? [];
  }

  async #grant(user: User, roles: readonly Role[]): Promise<void> {
    for (const role of roles) {
      await this.#api.http.request({ method: "PUT", path: (await this.#rolesAt(user)) + path`/${role.id}` });
    }
  }

  async #rolesAt(user: User): Promise<string> {
    return path`/projects/${await this.projectOf(user)}/users/${user.id}/roles`;
  }
}

function without(roles: readonly Role[], others: readonly Role[]): Role[] {
  return roles.filter(({ id }) => !others.some((other) => other.id === id));
}

function unknownRole(name: string, roles: readonly Role[]): never {
  const known = roles.map((role) => role.name).sort();
  const near = nearestWord(name, known);
  throw new InputError(
    "scopes",
    `this Keystone has no role "${name}"${near ? `; did you mean "${near}"?` : ""} (its roles: ${known.join(", ")}). Nothing was changed.`,
  );
}

function toAccount(wire: User, roles?: readonly Role[]): ServiceAccount {
  return defined({
    id: wire.id,
    name: wire.name,
    status: wire.enabled ? "active" : "disabled",
    scopes: roles?.map(({ name }) => name).sort(),
    description: wire.description ?? undefined,
  } as const);
}
