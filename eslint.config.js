// The linter's rules. Beside the usual ones it keeps two properties of the house: an import only points down
// the list of rooms, and only the files that touch the disk know Node. Formatting is Prettier's and clang-format's.
import { builtinModules } from "node:module";
import js from "@eslint/js";
import { defineConfig } from "eslint/config";
import globals from "globals";
import tseslint from "typescript-eslint";

// The rooms of src/, top to bottom: a file may import from its own room and from those after it.
const ROOMS = [
  "cli",
  "enhance",
  "data",
  "image",
  "models",
  "train",
  "formats",
  "inspect",
  "nn",
  "optim",
  "ops",
  "tensor",
  "program",
  "backend",
  "ranks",
  "base",
];

// The files that may use Node's own modules and globals; everything else also runs in a browser.
const NODE_FILES = [
  "src/cli/**/*.ts",
  "src/backend/native/**/*.ts",
  "src/*/**/*-node.ts",
  "src/*/**/files.ts",
];

const NODE_ONLY = "only cli/, backend/native/ and files named *-node.ts or files.ts may use Node";
const nodeModules = {
  regex: `^(node:|(${builtinModules.filter((name) => !name.startsWith("_")).join("|")})$)`,
  message: `The engine also runs in a browser: ${NODE_ONLY}'s modules.`,
};
const nodeGlobals = ["process", "Buffer", "global", "require", "setImmediate", "__dirname"].map((name) => ({
  name,
  message: `The engine also runs in a browser: ${NODE_ONLY}'s globals.`,
}));

/** The imports that would point up from `room`. */
function upward(room) {
  const above = ROOMS.slice(0, ROOMS.indexOf(room));
  const patterns = [
    { regex: "^(\\.\\./)+index\\.js$", message: "Import the file itself, not the package's index." },
  ];
  if (above.length > 0)
    patterns.push({
      regex: `^(\\.\\./)+(${above.join("|")})/`,
      message: `An import only points down: ${room}/ must not know ${above.join("/, ")}/.`,
    });
  return patterns;
}

const restrict = (patterns) => ({ "no-restricted-imports": ["error", { patterns }] });

const layering = ROOMS.flatMap((room) => [
  { files: [`src/${room}/**/*.ts`], ignores: NODE_FILES, rules: restrict([...upward(room), nodeModules]) },
  // Both lists must match: the room, and the file's right to Node.
  { files: NODE_FILES.map((pattern) => [`src/${room}/**/*.ts`, pattern]), rules: restrict(upward(room)) },
]);

export default defineConfig(
  {
    ignores: [
      "node_modules/",
      "dist/",
      "build/",
      "build-*/",
      "runs/",
      "demo-output/",
      "site/dist/",
      "src/backend/webgpu/shaders.generated.ts",
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.recommended],
    languageOptions: {
      parserOptions: { project: "./tsconfig.test.json", tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/await-thenable": "error",
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "separate-type-imports" }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      // Indexing typed arrays in bounds is the daily bread of kernels.
      "@typescript-eslint/no-non-null-assertion": "off",
      eqeqeq: "error",
      "prefer-const": "error",
    },
  },
  { files: ["**/*.{js,mjs}"], languageOptions: { globals: globals.node } },
  {
    files: ["src/inspect/{page,report}/*.js"],
    languageOptions: { globals: { ...globals.browser, uPlot: "readonly" } },
  },
  {
    files: ["src/**/*.ts"],
    ignores: NODE_FILES,
    rules: { "no-restricted-globals": ["error", ...nodeGlobals] },
  },
  {
    files: ["src/**/*.ts"],
    ignores: NODE_FILES,
    rules: {
      "no-restricted-syntax": [
        "error",
        { selector: "ImportExpression[source.value=/^node:/]", message: nodeModules.message },
      ],
    },
  },
  { files: ["src/**/*.ts"], rules: { "max-lines": ["error", 300] } },
  ...layering,
);
