import * as pulumi from "@pulumi/pulumi";
import { type AccountOptions, plainOptions } from "./options";
import { originOf, withDemands } from "./origin";
import { PausedTraces } from "./paused-traces";
import { isOfType, providerText, typeToken } from "./resource-text";
import type { Role, Scope } from "./scope";

/**
 * Inputs of {@link ServiceAccount}. `S` and `R`: the scopes and the roles that compile, such as
 * `ServiceAccountArgs<NovavmsScope, NovavmsRole>`.
 */
export interface ServiceAccountArgs<S extends Scope = Scope, R extends Role = Role> {
  /**
   * A PREFIX of the name on the service, which is `<prefix>-<mark>`; the
   * output `physicalName` shows it. A change renames the account if the service can, else replaces it.
   *
   * @default the resource's logical name
   */
  name?: pulumi.Input<string>;
  /**
   * Takes `name` verbatim. A replacement then deletes the old account before it makes the new one,
   * and an unclear create cannot be resolved by itself. A change replaces.
   *
   * @default false
   */
  exactName?: boolean;
  /**
   * Free text, without control characters. A change updates the service if it can change descriptions, else only the
   * state.
   */
  description?: pulumi.Input<string>;
  /**
   * The account's role, if the service has roles (NovaVMS: `viewer`, `operator`, `admin`). A change updates in place if
   * the service can, else replaces.
   */
  role?: pulumi.Input<R>;
  /**
   * Inputs that only accounts of some services have, by name: the page on backends lists them. An unknown name or value
   * is refused with the nearest one. A change updates in place if the service can, else replaces. Options are shown in
   * clear in previews and reviews: do not put secrets into them.
   */
  options?: pulumi.Input<AccountOptions>;
  /**
   * The most that the account's keys may do, if the service has such a limit. A change updates in place if the service
   * can, else replaces.
   */
  scopes?: pulumi.Input<pulumi.Input<S>[]>;
  /**
   * The connection (stack config `apikeys:connections`) that leads to the service. A change replaces.
   *
   * @default "default"
   */
  connection?: pulumi.Input<string>;
  /**
   * Consent to an account that gets another role or fewer scopes than the program asks for. Without it such an update
   * fails, and the state keeps the account. With it every run warns. Never changes the account.
   *
   * @default false
   */
  acceptLess?: pulumi.Input<boolean>;
  /**
   * What becomes of a service account that somebody has disabled on the service. `ignore`: it is left so, with a warning at every run;
   * nothing replaces it, until it is enabled there. `replace`: the next update after a refresh makes another account, and with it other keys.
   * `enable`: the next update after a refresh enables it again in place, and its keys work with the secrets they have; their
   * state says so after the next refresh. Refused where the service cannot do that. The scope review blocks what gives access
   * back (SR031).
   *
   * @default "ignore"
   */
  onDisabled?: pulumi.Input<"ignore" | "replace" | "enable">;
  /**
   * For example `{ owner: "team-a", purpose: "nightly export" }`: read by the scope review, and kept in the service's
   * metadata if it has any. Never replaces.
   */
  labels?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /**
   * Adopts an existing account by the service's id, and changes nothing on the service. Removing this input later
   * changes nothing; another id replaces.
   */
  adopt?: pulumi.Input<AdoptAccountArgs>;
  /**
   * For an adopted account: whether the end of this resource deletes it. A change only updates the record.
   *
   * @default false: it stays on the service, and the update says so
   */
  revokeOnDestroy?: pulumi.Input<boolean>;
}

/** An account to adopt: see {@link ServiceAccountArgs.adopt}. */
export interface AdoptAccountArgs {
  /** The service's id of the account. */
  accountId: pulumi.Input<string>;
}

/**
 * A service account, the owner of keys. For services without service accounts (Pulsely, PulseAPI) the preview refuses
 * it and says what to do instead.
 */
export class ServiceAccount<S extends Scope = Scope, R extends Role = Role> extends pulumi.CustomResource {
  /** The service's id of the account, for the `serviceAccountId` of keys. */
  declare readonly accountId: pulumi.Output<string>;
  /** The name on the service. */
  declare readonly physicalName: pulumi.Output<string>;
  /** RFC 3339 UTC. */
  declare readonly createdAt: pulumi.Output<string>;
  /**
   * `active`; after a refresh also `missing`, which the next update repairs by a replacement, and `disabled`, which
   * waits for {@link ServiceAccountArgs.onDisabled}.
   */
  declare readonly status: pulumi.Output<string>;
  /** Origin of the URL on which the account was made. */
  declare readonly service: pulumi.Output<string>;
  /** Why this account took the place of the one before it, for example `role changed: viewer => operator`; absent of the first one. */
  declare readonly replacementReason: pulumi.Output<string | undefined>;
  /** The id of an adopted account; absent for an account that this resource made. */
  declare readonly adoptedId: pulumi.Output<string | undefined>;

  /**
   * Reads a service account that this program does not own: it is never changed or deleted. Every preview and every
   * update asks the service, and so needs the connection's credential; for an object of another stack, a
   * `StackReference` is better.
   *
   * @param id - `<connection>/<id>`; without a slash, an id on the connection `default`
   * @param _state - unused; every Pulumi resource has this parameter
   */
  static get(
    name: string,
    id: pulumi.Input<pulumi.ID>,
    _state?: object,
    options?: pulumi.CustomResourceOptions,
  ): ServiceAccount {
    return new ServiceAccount(name, {}, { ...options, id });
  }

  /** True for a resource of this class, from any copy of this package. */
  static override isInstance(object: unknown): object is ServiceAccount {
    return isOfType(object, "ServiceAccount");
  }

  constructor(name: string, args: ServiceAccountArgs<S, R> = {}, options?: pulumi.CustomResourceOptions) {
    const traces = new PausedTraces();
    try {
      super(
        typeToken("ServiceAccount"),
        name,
        {
          ...args,
          ...(args.options === undefined ? {} : { options: plainOptions(args.options) }),
          __provider: providerText("ServiceAccount"),
          origin: originOf(name),
          physicalName: undefined,
          createdAt: undefined,
          status: undefined,
          service: undefined,
          replacementReason: undefined,
          adoptedId: undefined,
        },
        withDemands(options, { exactName: args.exactName }),
      );
    } catch (error) {
      throw traces.retaken(error, new.target);
    } finally {
      traces.resume();
    }
    // A preview of an update knows only the id of its outputs. Without it every key of a changed account would look
    // replaced.
    this.accountId = this.id;
  }
}
