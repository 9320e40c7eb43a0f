import js from "@eslint/js";
import importX from "eslint-plugin-import-x";
import tseslint from "typescript-eslint";

/** Which room may open which door: see ARCHITECTURE.md. */
const zone = (target, from, message, except = []) => ({
  target,
  from,
  message,
  ...(except.length > 0 ? { except } : {}),
});

/** The folders of the provider, from the ground up: each imports from those before it. */
const providerRooms = [
  { rooms: ["values", "secrets"], why: "What a time or a secret is depends on no vendor and no resource." },
  { rooms: ["http", "engine"], why: "HTTP and the engine's signals know no vendor and no resource." },
  { rooms: ["vendors"], why: "A vendor's facts are plain data." },
  { rooms: ["backends"], why: "A backend knows its vendor and nothing of Pulumi." },
  { rooms: ["connections"], why: "A connection serves the lifecycle and knows nothing of it." },
  { rooms: ["resources"] },
];

const zones = [
  ...providerRooms.slice(0, -1).map(({ rooms, why }, floor) => {
    const above = providerRooms.slice(floor + 1).flatMap((floors) => floors.rooms);
    return zone(
      rooms.map((room) => `./provider/${room}`),
      above.map((room) => `./provider/${room}`),
      why,
    );
  }),
  ...["emulator", "sdk", "cli", "review", "policy", "testing", "inventory"].map((room) =>
    zone("./provider", `./${room}`, "The provider runs in the engine alone, and talks to services over HTTP only."),
  ),
  ...["provider", "sdk", "cli", "review", "policy", "testing", "inventory"].map((room) =>
    zone("./emulator", `./${room}`, "The emulator is a second reading of the vendors' documents: it shares no code."),
  ),
  ...["cli", "emulator", "sdk", "policy", "testing"].map((room) =>
    zone("./review", `./${room}`, "The review is pure: it reads previews, and commands do its reading and writing."),
  ),
  zone("./review", "./provider", "The review shares what scopes and times mean with the provider, and nothing else.", [
    "./scopes.ts",
    "./vendors",
    "./values/times.ts",
    "./values/durations.ts",
    "./resource-text.ts",
    "./secrets/redact.ts",
    // Types only, for the names of properties: see below.
    "./resources",
  ]),
  ...["provider", "sdk", "cli", "emulator", "testing"].map((room) =>
    zone("./policy", `./${room}`, "The policy pack is the review's rules in another form."),
  ),
  ...["cli", "emulator", "review", "policy", "testing"].map((room) =>
    zone("./sdk", `./${room}`, "A program imports resources, and nothing heavy with them."),
  ),
  ...["cli", "review", "policy", "testing", "emulator", "inventory"].map((room) =>
    zone("./plugin", `./${room}`, "The plugin translates between the engine and the lifecycle, and decides nothing."),
  ),
  zone("./plugin", "./sdk", "The plugin loads no Pulumi program: of the SDK it shares the texts alone.", [
    "./resource-text.ts",
    "./withheld-hash.ts",
  ]),
  ...["provider", "sdk", "cli", "review", "policy", "testing", "emulator", "inventory"].map((room) =>
    zone(`./${room}`, "./plugin", "The plugin is a door of its own: nothing else goes through it."),
  ),
  ...["cli", "review", "policy", "sdk"].map((room) =>
    zone("./testing", `./${room}`, "The contract suite drives backends and the provider."),
  ),
];

/** Style that is decided once, for every room. */
const imports = [
  "error",
  {
    groups: ["builtin", "external", ["parent", "sibling", "index"]],
    "newlines-between": "never",
    sortTypesGroup: false,
  },
];
const privateMembers = {
  selector:
    "PropertyDefinition[accessibility='private'], MethodDefinition[accessibility='private'][kind!='constructor'], TSParameterProperty[accessibility='private']",
  message: "Write #name: it is private at run time, too.",
};
const enums = { selector: "TSEnumDeclaration", message: "Use an `as const` union." };
const sizes = { "max-params": ["error", 4], complexity: ["error", 15] };

export default tseslint.config(
  { ignores: ["dist/", "node_modules/", "**/*.js", "**/*.cjs", "coverage/", "sdk-packages/", "examples/*/sdk/"] },
  js.configs.recommended,
  {
    plugins: { "import-x": importX },
    settings: { "import-x/resolver": { node: { extensions: [".ts", ".js", ".mjs"] } } },
    rules: { ...sizes, "import-x/order": imports, "no-restricted-syntax": ["error", enums, privateMembers] },
  },
  {
    files: ["**/*.mjs"],
    rules: { "no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }] },
    languageOptions: {
      globals: Object.fromEntries(
        ["console", "process", "Buffer", "URL", "URLSearchParams", "fetch", "performance", "structuredClone"]
          .concat(["setTimeout", "clearTimeout", "setInterval", "clearInterval", "AbortController", "AbortSignal"])
          .map((name) => [name, "readonly"]),
      ),
    },
  },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "import-x/no-cycle": "error",
      "import-x/no-default-export": "error",
      "import-x/no-restricted-paths": ["error", { zones }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/no-confusing-void-expression": "off",
      "@typescript-eslint/no-unnecessary-condition": "off",
      "@typescript-eslint/require-await": "off",
      // Control characters are what several checks look for.
      "no-control-regex": "off",
      // Ids come from a user's backend at run time: the types alone are no proof.
      "@typescript-eslint/no-unnecessary-type-conversion": "off",
      "@typescript-eslint/no-dynamic-delete": "off",
      "@typescript-eslint/unified-signatures": "off",
    },
  },
  {
    files: ["provider/resources/**/*.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          paths: ["undici"],
          patterns: [
            {
              regex: "^(?!@pulumi/pulumi/dynamic$)@pulumi/",
              message: "Types of the dynamic provider's interface only.",
            },
          ],
        },
      ],
    },
  },
  {
    files: ["provider/backends/**/*.ts"],
    rules: { "no-restricted-imports": ["error", { paths: ["undici"], patterns: ["@pulumi/*"] }] },
  },
  {
    files: ["review/**/*.ts"],
    rules: {
      "no-restricted-imports": ["error", { patterns: ["node:*", "undici", "@pulumi/*"] }],
      "@typescript-eslint/no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              regex: "/provider/resources/",
              allowTypeImports: true,
              message: "Types only: the review runs nothing of the lifecycle.",
            },
          ],
        },
      ],
    },
  },
  {
    files: ["emulator/**/*.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: [{ regex: "^(?!node:|\\.)", message: "The emulator needs node's own modules and nothing else." }] },
      ],
    },
  },
  {
    files: ["sdk/**/*.ts"],
    rules: {
      "@typescript-eslint/no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              // The text alone: it loads nothing.
              regex: "/provider/(?!resource-text$)",
              allowTypeImports: true,
              message: "Types only: a program does not load the provider.",
            },
          ],
        },
      ],
    },
  },
  {
    files: ["tests/**/*.ts"],
    rules: { "@typescript-eslint/no-non-null-assertion": "off" },
  },
  {
    // A row of a test.each table, and what fast-check draws, arrive as parameters.
    files: ["tests/**/*.test.ts"],
    rules: { "max-params": ["error", 6] },
  },
);
