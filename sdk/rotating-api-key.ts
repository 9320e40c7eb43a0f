import * as pulumi from "@pulumi/pulumi";
import { type FoundKey, foundSecret, type KeyArgs } from "./api-key";
import { plainOptions } from "./options";
import { originOf, withDemands } from "./origin";
import { withSecretOf } from "./adopt";
import { PausedTraces } from "./paused-traces";
import { isOfType, providerText, typeToken } from "./resource-text";
import type { Duration } from "./duration";
import type { Scope } from "./scope";
import { withheldText } from "./withheld-text";

/** Inputs of {@link RotatingApiKey}. Durations: `30s`, `15m`, `24h`, `7d`, `12w`. */
export interface RotatingApiKeyArgs<S extends Scope = Scope> extends KeyArgs<S> {
  /** Age at which a new key is made, for example `90d`. A change moves the schedule of the current key too. */
  rotateEvery: pulumi.Input<Duration>;
  /**
   * How long before the key's own end a new one is made.
   *
   * @default the shorter of 7d and a third of the key's life
   */
  rotateBefore?: pulumi.Input<Duration>;
  /**
   * How long the previous key stays valid beside the new one. A change holds from the next key on.
   *
   * @default the shortest of 7d, a third of rotateEvery, and the key's life less rotateEvery; on a
   *   service with one key per account its grace
   */
  overlap?: pulumi.Input<Duration>;
  /**
   * When the previous key goes: `afterOverlap`; `whenUnused` (not before the overlap ends, then as soon
   * as the new key is used and the old one has been idle for 24 h, at the latest at `maxOverlap`);
   * `immediately`. A change holds from the next key on.
   *
   * @default "afterOverlap"
   */
  retire?: pulumi.Input<"afterOverlap" | "whenUnused" | "immediately">;
  /**
   * With `whenUnused`: the latest end of the previous key, set on the service if possible.
   *
   * @default the longer of overlap, and the shorter of 30d and two thirds of rotateEvery
   */
  maxOverlap?: pulumi.Input<Duration>;
  /**
   * Spreads the due times of many keys. It only makes them earlier, by an amount that stays the same for one name.
   *
   * @default "0s"
   */
  jitter?: pulumi.Input<Duration>;
  /**
   * Any text, such as an incident's number: a CHANGED text makes a new key at once and revokes every older one in the
   * same update. A text that is there from the beginning is only recorded. Previews, reasons and reviews show the text;
   * if it is marked `pulumi.secret`, they show a hash of 8 characters instead.
   */
  emergency?: pulumi.Input<string>;
  /**
   * When an adopted key gets its first successor: `due` by its own age, or `now` at the update after the adoption.
   *
   * @default "due"
   */
  firstRotation?: pulumi.Input<"due" | "now">;
}

/**
 * A key that rotates in time, with overlap: one identity whose key changes in place at the first update after it is
 * due. A changed scope, keeper or life makes a new key in place too; another account, environment or connection
 * replaces the resource.
 *
 * To rotate now, change `keepers`; to revoke every older key as well, change `emergency`. A replacement of the resource
 * (`pulumi up --target-replace`, `replaceOnChanges`, `pulumi state taint`) has no overlap: that update revokes every
 * generation.
 */
export class RotatingApiKey<S extends Scope = Scope> extends pulumi.CustomResource {
  /**
   * `active`; after a refresh also `revoked`, `expired` or `missing`, which the next update repairs by a new key, and
   * `disabled` (the key or its account), which waits for {@link KeyArgs.onDisabled}.
   */
  declare readonly status: pulumi.Output<string>;
  /** The service's id of the current key. */
  declare readonly keyId: pulumi.Output<string>;
  /**
   * The current key, encrypted in the state. Absent if nobody gave the secret of an adopted key: see {@link
   * requireSecret}.
   */
  declare readonly secret: pulumi.Output<string>;
  /** The public half of the current key, if the credential is a pair. */
  declare readonly accessId: pulumi.Output<string | undefined>;
  /** The mask that the service's own pages show. */
  declare readonly hint: pulumi.Output<string | undefined>;
  /** First 16 hex of the current secret's SHA-256. */
  declare readonly fingerprint: pulumi.Output<string | undefined>;
  /** The current key's name on the service. */
  declare readonly physicalName: pulumi.Output<string>;
  /** RFC 3339 UTC: when the current key was made. */
  declare readonly createdAt: pulumi.Output<string>;
  /** RFC 3339 UTC; absent if the key does not expire. The earlier one of the requested and the given end. */
  declare readonly expiresAt: pulumi.Output<string | undefined>;
  /** The current key's scopes. */
  declare readonly scopes: pulumi.Output<string[] | undefined>;
  /** Origin of the URL that issued the key. */
  declare readonly service: pulumi.Output<string>;
  /** The id of the adopted key, if there was one. */
  declare readonly adoptedId: pulumi.Output<string | undefined>;
  /** The previous key, while it is valid. */
  declare readonly previousKeyId: pulumi.Output<string | undefined>;
  /** The previous key's secret, encrypted in the state, while it is valid. */
  declare readonly previousSecret: pulumi.Output<string | undefined>;
  /** RFC 3339 UTC: the latest end of the previous key. */
  declare readonly previousValidUntil: pulumi.Output<string | undefined>;
  /** Counts the keys of this identity, from 1. */
  declare readonly generation: pulumi.Output<number>;
  /** RFC 3339 UTC. */
  declare readonly rotatedAt: pulumi.Output<string>;
  /** Why the last change was made, for example `due: age 91 d of 90 d`. */
  declare readonly rotationReason: pulumi.Output<string>;
  /** RFC 3339 UTC: when the next key is due. */
  declare readonly nextRotationAt: pulumi.Output<string>;
  /** What happened to the previous key, for example `used 4 min ago; deferred`. */
  declare readonly retireStatus: pulumi.Output<string | undefined>;
  /** Older keys that are still to be revoked: every later update does that first. */
  declare readonly pendingRevocations: pulumi.Output<
    { keyId: string; fingerprint?: string; end: string }[] | undefined
  >;

  /**
   * Reads a key that this program does not own: it is never changed, rotated or revoked. Every preview and every update
   * asks the service, and so needs the connection's credential; for an object of another stack, a `StackReference` is
   * better. What no service tells is absent: the generation, the schedule and its reasons.
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
  ): RotatingApiKey {
    return new RotatingApiKey(name, state as RotatingApiKeyArgs, { ...options, id });
  }

  /** True for a resource of this class, from any copy of this package. */
  static override isInstance(object: unknown): object is RotatingApiKey {
    return isOfType(object, "RotatingApiKey");
  }

  constructor(name: string, args: RotatingApiKeyArgs<S>, options?: pulumi.CustomResourceOptions) {
    const traces = new PausedTraces();
    try {
      super(
        typeToken("RotatingApiKey"),
        name,
        {
          scopes: undefined,
          ...args,
          ...(args?.options === undefined ? {} : { options: plainOptions(args.options) }),
          ...withSecretOf(args?.adopt),
          ...(args?.emergency === undefined ? {} : { emergency: withheldText(args.emergency, name) }),
          __provider: providerText("RotatingApiKey"),
          origin: originOf(name),
          status: undefined,
          keyId: undefined,
          secret: foundSecret(args),
          accessId: undefined,
          hint: undefined,
          fingerprint: undefined,
          physicalName: undefined,
          createdAt: undefined,
          expiresAt: undefined,
          service: undefined,
          adoptedId: undefined,
          previousKeyId: undefined,
          previousSecret: undefined,
          previousValidUntil: undefined,
          generation: undefined,
          rotatedAt: undefined,
          rotationReason: undefined,
          nextRotationAt: undefined,
          retireStatus: undefined,
          pendingRevocations: undefined,
        },
        withDemands(options, { secretOutputs: ["secret", "previousSecret"] }),
      );
    } catch (error) {
      throw traces.retaken(error, new.target);
    } finally {
      traces.resume();
    }
    if ((options?.replaceOnChanges ?? []).length > 0)
      void pulumi.log.warn(
        `replaceOnChanges of the RotatingApiKey "${name}" replaces it without an overlap: both of its generations are revoked in the same update. Leave it out; to rotate now, change "keepers"`,
        this,
      );
  }
}
