import * as pulumi from "@pulumi/pulumi";
import type { vendors } from "../provider/vendors";
import type { DeclaredOption, DeclaredOptions, OptionValue, OptionValueOf } from "../provider/vendors/options";
import type { Vendor } from "../provider/vendors/vendor";
import type { withheldOptions } from "../provider/values/withheld-options";

type InputOf<Value> = Value extends readonly (infer Item)[]
  ? pulumi.Input<readonly pulumi.Input<Item>[]>
  : Value extends Readonly<Record<string, infer Item>>
    ? pulumi.Input<Readonly<Record<string, pulumi.Input<Item>>>>
    : pulumi.Input<Value>;

type ValueOf<Option> = Option extends DeclaredOption ? InputOf<OptionValueOf<Option>> : never;

/** The options of a program for a backend that declares them; required ones are required properties. */
export type GivenOptions<Declared extends DeclaredOptions> = {
  readonly [Name in keyof Declared as Declared[Name] extends { readonly required: true } ? Name : never]: ValueOf<
    Declared[Name]
  >;
} & {
  readonly [Name in keyof Declared as Declared[Name] extends { readonly required: true } ? never : Name]?: ValueOf<
    Declared[Name]
  >;
};

type Vendors = typeof vendors;
type DeclaredBy<V extends Vendor, Part extends "keyOptions" | "accountOptions"> = V extends {
  readonly [P in Part]: infer Declared extends DeclaredOptions;
}
  ? Declared
  : never;
type AnyDeclared<Part extends "keyOptions" | "accountOptions"> = DeclaredBy<Vendors[keyof Vendors], Part>;
type NamesOf<Declared> = Declared extends DeclaredOptions ? keyof Declared & string : never;
type OptionOf<Declared, Name extends string> = Declared extends { readonly [N in Name]: infer Option } ? Option : never;

/** Everything that the built-in backends declare, for completion; `check` uses the connection's. */
type BuiltIn<Part extends "keyOptions" | "accountOptions"> = {
  readonly [Name in NamesOf<AnyDeclared<Part>>]?: ValueOf<OptionOf<AnyDeclared<Part>, Name>>;
};

type OfBackends = Readonly<Record<string, pulumi.Input<OptionValue | readonly pulumi.Input<string>[]> | undefined>>;

/** Options of keys of the built-in vendor with that name. */
export type VendorKeyOptions<Name extends keyof Vendors> = GivenOptions<DeclaredBy<Vendors[Name], "keyOptions">>;
/** Options of accounts of the built-in vendor with that name. */
export type VendorAccountOptions<Name extends keyof Vendors> = GivenOptions<
  DeclaredBy<Vendors[Name], "accountOptions">
>;

/**
 * Inputs that only keys of some services have. An editor completes those of the built-in backends; add your own
 * backend's by `declare module "pulumi-apikeys" { interface KeyOptions { readonly project?: pulumi.Input<string> } }`.
 */
export interface KeyOptions extends BuiltIn<"keyOptions">, OfBackends {}

/** Inputs that only service accounts of some services have; see {@link KeyOptions}. */
export interface AccountOptions extends BuiltIn<"accountOptions">, OfBackends {}

/** The type keeps it equal to the provider's own text. */
const withheld: typeof withheldOptions = "options withheld: a value of them is secret";

/**
 * Options are shown in clear everywhere, so secret ones do not reach the provider: its `check` refuses them and says
 * why.
 */
export function plainOptions(options: pulumi.Input<KeyOptions | AccountOptions>): pulumi.Output<unknown> {
  const given = pulumi.output(options);
  return pulumi.output(pulumi.isSecret(given)).apply((isSecret): unknown => (isSecret ? withheld : given));
}
