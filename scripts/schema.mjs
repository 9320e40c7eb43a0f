// Writes plugin/schema.json, which the plugin serves and from which the SDKs of other languages are generated: names, types and
// words from the declarations in sdk/, what a change does from the fields of the provider. Needs a build.
//
//   node scripts/schema.mjs           writes
//   node scripts/schema.mjs --check   changes nothing; exit code 1 where it is not current
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import prettier from "prettier";
import ts from "typescript";
import { accountFields } from "../dist/provider/resources/service-account/fields.js";
import { apiKeyFields } from "../dist/provider/resources/api-key/fields.js";
import { rotatingFields } from "../dist/provider/resources/rotation/fields.js";
import { secretProperties } from "../dist/provider/secret-boundary.js";
import { vendors } from "../dist/provider/vendors/index.js";

const repository = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const load = createRequire(import.meta.url);
const file = join(repository, "plugin", "schema.json");

const classes = {
  ServiceAccount: { source: "service-account", fields: accountFields },
  ApiKey: { source: "api-key", fields: apiKeyFields },
  RotatingApiKey: { source: "rotating-api-key", fields: rotatingFields },
};

const sources = Object.values(classes).map(({ source }) => join(repository, "sdk", `${source}.ts`));
const configFile = ts.readConfigFile(join(repository, "tsconfig.json"), ts.sys.readFile).config;
const { options } = ts.parseJsonConfigFileContent({ ...configFile, include: [] }, ts.sys, repository);
const checker = ts.createProgram(sources, options);
const types = checker.getTypeChecker();

/** Types that the schema calls by a word of its own. */
const plainTypes = new Map([
  [ts.SyntaxKind.StringKeyword, "string"],
  [ts.SyntaxKind.NumberKeyword, "integer"],
  [ts.SyntaxKind.BooleanKeyword, "boolean"],
]);

/** Texts that an editor completes, and that are texts like any other elsewhere. */
const choices = new Set(["Role", "Duration"]);

const text = await prettier.format(JSON.stringify(schema()), {
  ...(await prettier.resolveConfig(file)),
  parser: "json",
});
if (process.argv.includes("--check")) {
  if (readFileSync(file, "utf8") !== text) {
    console.error("plugin/schema.json is not current. Run: node scripts/schema.mjs");
    process.exitCode = 1;
  }
} else {
  writeFileSync(file, text);
  console.log(`plugin/schema.json: ${Object.keys(schema().resources).length} resources`);
}

function schema() {
  const { description, homepage, license, repository: source, author } = load(join(repository, "package.json"));
  const address = source.url.replace(/^git\+|\.git$/g, "");
  const any = { $ref: "pulumi.json#/Any" };
  const variables = {
    connections: {
      type: "object",
      additionalProperties: any,
      description:
        "The connections by name: each says a backend, its url, and where its admin credential is. See the documentation on connections. The environment variable APIKEYS_CONNECTIONS goes over it.",
    },
    tokens: {
      type: "object",
      additionalProperties: { type: "string" },
      secret: true,
      description: "Admin credentials by connection, where they are in no environment variable, file or command.",
    },
    organization: {
      type: "string",
      description:
        "The organisation of the stack, as it stands in stack paths; a plugin is not told it. Left out: that of backends without any.",
    },
  };
  return {
    name: "apikeys",
    displayName: "API keys",
    description,
    keywords: ["pulumi", "category/cloud", "kind/native"],
    homepage,
    license,
    repository: address,
    publisher: author.name,
    meta: { moduleFormat: "(.*)" },
    config: { variables },
    provider: { description: "Where keys are made, and with which credential.", inputProperties: variables },
    types: Object.fromEntries(Object.entries(vendors).flatMap(catalogueType)),
    resources: Object.fromEntries(Object.keys(classes).map((name) => [`apikeys:index:${name}`, resource(name)])),
    language: {
      nodejs: { packageName: "pulumi-apikeys-sdk", respectSchemaVersion: true },
      python: { packageName: "pulumi_apikeys", pyproject: { enabled: true }, respectSchemaVersion: true },
      go: {
        importBasePath: `${address.replace(/^https:\/\//, "")}/sdk/go/apikeys`,
        rootPackageName: "apikeys",
        respectSchemaVersion: true,
      },
      csharp: { rootNamespace: "PulumiApikeys", respectSchemaVersion: true },
      java: { basePackage: "io.github.pulumiapikeys", buildFiles: "gradle" },
    },
  };
}

function resource(name) {
  const inputs = propertiesOf(membersOf(`${name}Args`, name));
  const outputs = propertiesOf(membersOf(name, name));
  for (const [property, input] of Object.entries(inputs.properties)) {
    // A secret that the program chose is recorded as the secret of the key.
    if (input.secret) continue;
    const output = (outputs.properties[property] ??= input);
    if (alwaysReplaces(classes[name].fields[property]))
      outputs.properties[property] = { ...output, replaceOnChanges: true };
    if (inputs.required.includes(property) && !outputs.required.includes(property)) outputs.required.push(property);
  }
  return {
    description: wordsOf(declarationOf(name, name).symbol),
    properties: sorted(outputs.properties),
    required: outputs.required.sort(),
    inputProperties: sorted(inputs.properties),
    requiredInputs: inputs.required.sort(),
    aliases: [{ type: `pulumi-nodejs:dynamic/apikeys:${name}` }],
  };
}

/** Where two spellings of one value are no change, the provider alone can tell. */
function alwaysReplaces(field) {
  return field?.change === "replace" && !field.same;
}

function propertiesOf(members) {
  const properties = members.map(([name, { words, shape }]) => {
    const secret = secretProperties.includes(name) ? { secret: true } : {};
    return [name, { ...shape, ...(words ? { description: words } : {}), ...secret }];
  });
  return {
    properties: Object.fromEntries(properties),
    required: members.filter(([, { optional }]) => !optional).map(([name]) => name),
  };
}

/** The properties of a class or interface of the SDK, inherited ones included: type and words. */
function membersOf(declared, className) {
  const declaration = declarationOf(declared, className);
  const type = types.getTypeAtLocation(declaration);
  return types
    .getPropertiesOfType(type)
    .filter((symbol) => isOurs(symbol.valueDeclaration))
    .map(memberOf);
}

function memberOf(symbol) {
  const node = symbol.valueDeclaration;
  const { shape, mayLack } = shapeOf(node.type);
  return [symbol.name, { optional: node.questionToken !== undefined || mayLack, words: wordsOf(symbol), shape }];
}

function isOurs(node) {
  return (
    node !== undefined &&
    node.type !== undefined &&
    (ts.isPropertySignature(node) || ts.isPropertyDeclaration(node)) &&
    !node.getSourceFile().fileName.includes("/node_modules/")
  );
}

/** @returns {any} the declaration, with the symbol that the compiler keeps there */
function declarationOf(declared, className) {
  const source = checker.getSourceFile(join(repository, "sdk", `${classes[className].source}.ts`));
  const found = source.statements.find(
    (node) => (ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node)) && node.name?.text === declared,
  );
  if (!found) throw new Error(`sdk/${classes[className].source}.ts has no ${declared}`);
  return found;
}

/** The schema's word for a type as the SDK writes it. */
function shapeOf(node) {
  const type = plainTypes.get(node.kind);
  if (type) return known({ type });
  if (ts.isTypeReferenceNode(node)) return namedShape(node);
  if (ts.isArrayTypeNode(node)) return known({ type: "array", items: shapeOf(node.elementType).shape });
  if (ts.isTypeLiteralNode(node)) return known(objectShape(node.members));
  if (ts.isUnionTypeNode(node)) return unionShape(node.types);
  throw new Error(`the schema has no word for the type ${node.getText()}`);
}

function namedShape(node) {
  const [first, second] = node.typeArguments ?? [];
  const name = node.typeName.getText().replace(/^pulumi\./, "");
  if (choices.has(name)) return known({ type: "string" });
  switch (name) {
    case "Input":
    case "Output":
      return shapeOf(first);
    case "Record":
      return known({ type: "object", additionalProperties: shapeOf(second).shape });
    case "Scope":
      return known(scopeShape());
    // Each backend declares its own.
    case "KeyOptions":
    case "AccountOptions":
      return known({ type: "object", additionalProperties: { $ref: "pulumi.json#/Any" } });
  }
  const declaration = types.getTypeAtLocation(node).symbol?.declarations?.[0];
  // Other languages have what it is where nobody says more.
  if (declaration && ts.isTypeParameterDeclaration(declaration)) return shapeOf(declaration.default);
  if (declaration && ts.isInterfaceDeclaration(declaration)) return known(objectShape(declaration.members));
  throw new Error(`the schema has no word for the type ${node.getText()}`);
}

function known(shape) {
  return { shape, mayLack: false };
}

/** `undefined` makes a property optional; texts to choose from are told in its description, and stay texts. */
function unionShape(nodes) {
  const isAbsent = (node) => node.kind === ts.SyntaxKind.UndefinedKeyword;
  const given = nodes.filter((node) => !isAbsent(node));
  const mayLack = given.length < nodes.length;
  if (given.every(ts.isLiteralTypeNode)) return { shape: { type: "string" }, mayLack };
  if (given.length !== 1) throw new Error(`the schema has no word for a choice of ${nodes.length} types`);
  return { ...shapeOf(given[0]), mayLack };
}

/** A record of few texts; no other language gets a class of its own for it. */
function objectShape(members) {
  const inner = members.map((member) => JSON.stringify(shapeOf(member.type).shape));
  const [first] = inner;
  return {
    type: "object",
    additionalProperties: inner.every((each) => each === first) ? JSON.parse(first) : { $ref: "pulumi.json#/Any" },
  };
}

function scopeShape() {
  const catalogues = Object.entries(vendors)
    .flatMap(catalogueType)
    .map(([token]) => ({ type: "string", $ref: `#/types/${token}` }));
  return { oneOf: [{ type: "string" }, ...catalogues] };
}

/** The scopes that a vendor publishes. */
function catalogueType([name, vendor]) {
  const scopes = Object.entries(vendor.catalogue?.scopes ?? {});
  if (scopes.length === 0) return [];
  const capital = (word) => word.charAt(0).toUpperCase() + word.slice(1);
  const used = new Set();
  const values = scopes.map(([value]) => {
    let member = value
      .replace(/\*/g, " all ")
      .split(/[^A-Za-z0-9]+/)
      .filter(Boolean)
      .map(capital)
      .join("");
    if (/^[0-9]/.test(member)) member = `Scope${member}`;
    while (used.has(member.toLowerCase())) member += "_";
    used.add(member.toLowerCase());
    return { name: member, value };
  });
  return [[`apikeys:index:${capital(name)}Scope`, { type: "string", description: `Scopes of ${name}.`, enum: values }]];
}

/** The TSDoc of a declaration as one text, with its default and its choices. */
function wordsOf(symbol) {
  const plain = (parts) =>
    ts
      .displayPartsToString(parts)
      // A function of the npm package, which no other language has.
      .replace(/: see \{@link[\s*]+requireSecret\s*\}/g, "")
      .replace(/\{@link[\s*]+(?:\w+\.)?(\w+)\s*\}/g, "`$1`")
      .replace(/\s+/g, " ")
      .trim();
  const words = plain(symbol.getDocumentationComment(types));
  const fallback = symbol.getJsDocTags(types).find(({ name }) => name === "default");
  const choices = literalsOf(symbol.valueDeclaration?.type);
  return [
    words,
    ...(choices.length > 0 ? [`One of ${choices.map((choice) => `\`${choice}\``).join(", ")}.`] : []),
    ...(fallback ? [`Default: ${plain(fallback.text)}.`] : []),
  ]
    .filter(Boolean)
    .join(" ");
}

function literalsOf(node) {
  if (node === undefined) return [];
  if (ts.isTypeReferenceNode(node) && node.typeArguments?.length === 1) return literalsOf(node.typeArguments[0]);
  if (!ts.isUnionTypeNode(node) || !node.types.every(ts.isLiteralTypeNode)) return [];
  return node.types.map(textOf);
}

function textOf(node) {
  return node.literal.text;
}

function sorted(record) {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
