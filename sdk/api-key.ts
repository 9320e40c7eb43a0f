import * as pulumi from "@pulumi/pulumi";
import { type KeyOptions, plainOptions } from "./options";
import { originOf, withDemands } from "./origin";
import { withSecretOf } from "./adopt";
import { PausedTraces } from "./paused-traces";
import { isOfType, providerText, typeToken } from "./resource-text";
import type { Duration } from "./duration";
import type { Scope } from "./scope";

/**
 * Inputs that every kind of key has. `S`: the scopes that compile. With those of one service, as in
 * `KeyArgs<PulselyScope>`, the compiler finds typing errors.
 */
export interface KeyArgs<S extends Scope = Scope> {
  /**
   * A PREFIX of the name on the service, which is `<prefix>-<mark>`: the mark proves the state and the resource, and
   * differs for every key, so that two generations can exist side by side. The output `physicalName` shows it. A change
   * renames the key if the service can, else replaces it.
   *
   * @default the resource's logical name
   */
  name?: pulumi.Input<string>;
  /**
   * The account to which the key belongs, if the service has accounts (`ServiceAccount.accountId`). A change replaces.
   */
  serviceAccountId?: pulumi.Input<string>;
  /**
   * What the key may do. Order and repeats do not count. A change makes a new key, because scopes are immutable. An
   * empty list and wildcards such as `admin:*` need {@link fullAccess}. Leave it out if the service's keys have no
   * scopes.
   */
  scopes?: pulumi.Input<pulumi.Input<S>[]>;
  /**
   * Only if the service lets the caller choose. A change replaces.
   *
   * @default "live"
   */
  environment?: pulumi.Input<"live" | "test">;
  /**
   * Inputs that only keys of some services have, by name: the page on backends lists them. An unknown name or value is
   * refused with the nearest one. A change makes a new key, unless the backend says that the service changes it in
   * place and that it gives the key nothing. Options are shown in clear in previews and reviews: do not put secrets
   * into them.
   */
  options?: pulumi.Input<KeyOptions>;
  /** Any texts. A change of one makes a new key. */
  keepers?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /**
   * Free text, without control characters. A change updates the service if it can change descriptions, else only the
   * state.
   */
  description?: pulumi.Input<string>;
  /** How long the key lives, from its issue: `30s`, `15m`, `24h`, `90d`, `12w` (a day is 24 h). */
  expiresIn?: pulumi.Input<Duration>;
  /** Consent to an empty scope list or to wildcards. Never changes the key. */
  fullAccess?: pulumi.Input<boolean>;
  /** Consent to a replacement with a gap, on services that keep only one key per account. Never changes the key. */
  allowOutage?: pulumi.Input<boolean>;
  /**
   * Consent to a key that gets less than the program asks for: fewer scopes, an earlier end, another environment.
   * Without it such an update fails: the state keeps a first key, and a successor of a working key is revoked again, so
   * that the working one stays. With it every run warns. Never changes the key.
   *
   * @default false
   */
  acceptLess?: pulumi.Input<boolean>;
  /**
   * Consent to the end of a key that the connection itself runs on. Without it whatever would revoke, replace or rotate
   * that key is refused. With it the successor is issued first and used for the rest of the run, the old key ends last,
   * and a warning says where the new secret has to go. Never changes the key.
   *
   * @default false
   */
  selfRotate?: pulumi.Input<boolean>;
  /**
   * What becomes of a key that somebody has disabled on the service. `ignore`: it is left so, with a warning at every run;
   * nothing replaces it or rotates it, until it is enabled there. `replace`: the next update after a refresh makes another one.
   * `enable`: the next update after a refresh enables it again in place, with the secret it has; refused where the service
   * cannot do that, or enables only accounts. Whoever disabled it may have had a reason: the scope review blocks what gives
   * access back (SR031).
   *
   * @default "ignore"
   */
  onDisabled?: pulumi.Input<"ignore" | "replace" | "enable">;
  /**
   * The connection (stack config `apikeys:connections`) that leads to the service. A change replaces.
   *
   * @default "default"
   */
  connection?: pulumi.Input<string>;
  /**
   * For example `{ owner: "team-a", purpose: "nightly export" }`: read by the scope review, and kept in the service's
   * metadata if it has any. Never replaces.
   */
  labels?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /**
   * Adopts an existing key by the service's id, and changes nothing on the service: the other inputs must describe the
   * key as it is. `secret`, if somebody still has it, must work on the service; without it there is no output `secret`
   * until the key is rotated or replaced. Removing this input later changes nothing; another id replaces.
   */
  adopt?: pulumi.Input<AdoptKeyArgs>;
  /**
   * For an adopted key: whether the end of this resource revokes it. A change only updates the record.
   *
   * @default false: it stays on the service, and the update says so
   */
  revokeOnDestroy?: pulumi.Input<boolean>;
}

/** A key to adopt: see {@link KeyArgs.adopt}. */
export interface AdoptKeyArgs {
  /** The service's id of the key. */
  keyId: pulumi.Input<string>;
  /** Its secret; of a pair, the private half. Encrypted in the state. */
  secret?: pulumi.Input<string>;
}

/** What is known about a key that is only read: see {@link ApiKey.get}. */
export interface FoundKey {
  /** Its secret; of a pair, the private half. Encrypted in the state. */
  secret?: pulumi.Input<string>;
}

/** The secret that was given to a `get`. */
export function foundSecret(state: object | undefined): pulumi.Output<string> | undefined {
  const { secret } = (state ?? {}) as FoundKey;
  return secret === undefined ? undefined : pulumi.secret(secret);
}

/** Inputs of {@link ApiKey}. */
export interface ApiKeyArgs<S extends Scope = Scope> extends KeyArgs<S> {
  /**
   * Takes `name` verbatim. A replacement then revokes the old key before it makes the new one, and an
   * unclear create cannot be resolved by itself. A change replaces.
   *
   * @default false
   */
  exactName?: boolean;
  /**
   * When the key ends, RFC 3339 with a zone; not together with `expiresIn`. A change updates the key if the service
   * can, else replaces it. A key whose date has passed stays expired, with a warning.
   */
  expiresAt?: pulumi.Input<string>;
  /**
   * How long the key lives, from its issue; a change counts from `createdAt`, updates the key if the service can, and
   * replaces it otherwise or if that time has passed. The first update after the key's end replaces it.
   */
  expiresIn?: pulumi.Input<Duration>;
  /** The secret itself, if the service lets the caller choose it; encrypted in the state. A change replaces. */
  secretValue?: pulumi.Input<string>;
}

/**
 * An API key whose access never changes: one resource is one key, and its Pulumi id is the key's id. A change of its
 * access makes a new key before the old one is revoked. `new ApiKey<PulselyScope>(…)` takes only the scopes of that
 * service.
 */
export class ApiKey<S extends Scope = Scope> extends pulumi.CustomResource {
  /**
   * `active`; after a refresh also `revoked`, `expired` or `missing`, which the next update repairs by a replacement,
   * and `disabled` (the key or its account), which waits for {@link KeyArgs.onDisabled}.
   */
  declare readonly status: pulumi.Output<string>;
  /** The service's id of the key. */
  declare readonly keyId: pulumi.Output<string>;
  /**
   * The key itself, encrypted in the state; of a pair, the private half. Absent if nobody gave the secret of an adopted
   * key: see {@link requireSecret}.
   */
  declare readonly secret: pulumi.Output<string>;
  /** The public half, if the credential is a pair. */
  declare readonly accessId: pulumi.Output<string | undefined>;
  /** The mask that the service's own pages show. */
  declare readonly hint: pulumi.Output<string | undefined>;
  /** First 16 hex of the secret's SHA-256, which distinguishes generations. Absent for a caller-chosen secret. */
  declare readonly fingerprint: pulumi.Output<string | undefined>;
  /** The name on the service. */
  declare readonly physicalName: pulumi.Output<string>;
  /** RFC 3339 UTC. */
  declare readonly createdAt: pulumi.Output<string>;
  /** RFC 3339 UTC; absent if the key does not expire. The earlier one of the requested and the given end. */
  declare readonly expiresAt: pulumi.Output<string | undefined>;
  /** The canonical scopes: sorted, without repeats. */
  declare readonly scopes: pulumi.Output<string[] | undefined>;
  /** Origin of the URL that issued the key. */
  declare readonly service: pulumi.Output<string>;
  /** Why this key replaced the one before it, for example `scopes changed: +read:alerts`; absent for the first one. */
  declare readonly replacementReason: pulumi.Output<string | undefined>;
  /** The id of an adopted key; absent for a key that this resource made. */
  declare readonly adoptedId: pulumi.Output<string | undefined>;

  /**
   * Reads a key that this program does not own: it is never changed or revoked. Every preview and every update asks the
   * service, and so needs the connection's credential; for an object of another stack, a `StackReference` is better.
   *
   * @param id - `<connection>/<id>`, or `<connection>/<account>/<id>` for a key that belongs to an account; without a
   *   slash, an id on the connection `default`
   * @param state - the secret, if somebody has it: it must work on the service
   */
  static get(
    name: string,
    id: pulumi.Input<pulumi.ID>,
    state: FoundKey = {},
    options?: pulumi.CustomResourceOptions,
  ): ApiKey {
    return new ApiKey(name, state as ApiKeyArgs, { ...options, id });
  }

  /** True for a resource of this class, from any copy of this package. */
  static override isInstance(object: unknown): object is ApiKey {
    return isOfType(object, "ApiKey");
  }

  constructor(name: string, args: ApiKeyArgs<S> = {}, options?: pulumi.CustomResourceOptions) {
    const traces = new PausedTraces();
    try {
      super(
        typeToken("ApiKey"),
        name,
        {
          scopes: undefined,
          expiresAt: undefined,
          ...args,
          ...(args.options === undefined ? {} : { options: plainOptions(args.options) }),
          ...(args.secretValue === undefined ? {} : { secretValue: pulumi.secret(args.secretValue) }),
          ...withSecretOf(args.adopt),
          __provider: providerText("ApiKey"),
          origin: originOf(name),
          status: undefined,
          secret: foundSecret(args),
          accessId: undefined,
          hint: undefined,
          fingerprint: undefined,
          physicalName: undefined,
          createdAt: undefined,
          service: undefined,
          replacementReason: undefined,
          adoptedId: undefined,
        },
        withDemands(options, {
          secretOutputs: args.secretValue === undefined ? ["secret"] : ["secret", "secretValue"],
          exactName: args.exactName,
        }),
      );
    } catch (error) {
      throw traces.retaken(error, new.target);
    } finally {
      traces.resume();
    }
    this.keyId = this.id;
  }
}
