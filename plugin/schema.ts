/** What the plugin says of itself: `schema.json` is written by scripts/schema.mjs from the SDK's declarations and the fields. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

interface PropertySpec {
  readonly secret?: true;
}

interface ResourceSpec {
  readonly properties: Readonly<Record<string, PropertySpec>>;
  readonly inputProperties: Readonly<Record<string, PropertySpec>>;
}

interface PackageSpec {
  readonly resources: Readonly<Record<string, ResourceSpec>>;
}

/** The version of the package that runs. */
export function packageVersion(): string {
  const manifest = readFileSync(require.resolve("pulumi-apikeys/package.json"), "utf8");
  return (JSON.parse(manifest) as { readonly version: string }).version;
}

/** The package's schema, with its version. */
export function packageSchema(): PackageSpec & { readonly version: string } {
  return { ...readSchema(), version: packageVersion() };
}

let known: PackageSpec | undefined;

function readSchema(): PackageSpec {
  known ??= JSON.parse(readFileSync(join(__dirname, "schema.json"), "utf8")) as PackageSpec;
  return known;
}

/** The properties of a resource; what is no input of it is made by its issue. */
export function resourceSpec(className: string): ResourceSpec {
  const spec = readSchema().resources[`apikeys:index:${className}`];
  if (!spec) throw new Error(`the schema has no ${className}`);
  return spec;
}
