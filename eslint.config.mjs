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

export default tseslint.config(
  { ignores: ["dist/", "node_modules/", "**/*.mjs", "**/*.js", "**/*.cjs", "coverage/"] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    plugins: { "import-x": importX },
    settings: { "import-x/resolver": { node: { extensions: [".ts", ".js"] } } },
    rules: {
      "import-x/no-cycle": "error",
      "import-x/no-default-export": "error",
      "import-x/no-restricted-paths": [
        "error",
        {
          zones: [
            zone("./provider/backends", "./provider/resources", "A backend knows its vendor and nothing of Pulumi."),
            zone("./provider/http", "./provider/resources", "HTTP knows nothing of resources."),
            zone("./provider/http", "./provider/backends", "HTTP knows no vendor."),
            zone(
              "./emulator",
              "./provider",
              "The emulator is a second reading of the vendors' documents: it shares no code with the provider.",
            ),
            zone("./emulator", "./sdk", "The emulator knows nothing of Pulumi."),
            zone("./provider", "./emulator", "The provider talks to the emulator over HTTP only."),
            zone("./provider", "./sdk", "The engine runs the provider without the program's SDK."),
            zone("./provider", "./cli", "The provider is no command."),
            zone("./review", "./cli", "The review is pure: commands do its reading and writing."),
            zone("./review", "./emulator", "The review reads previews only."),
            zone("./review", "./sdk", "The review reads previews only."),
          ],
        },
      ],
      "no-restricted-syntax": ["error", { selector: "TSEnumDeclaration", message: "Use an `as const` union." }],
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
    rules: { "no-restricted-imports": ["error", { patterns: ["node:*", "undici", "@pulumi/*"] }] },
  },
  {
    files: ["tests/**/*.ts"],
    rules: { "@typescript-eslint/no-non-null-assertion": "off" },
  },
);
