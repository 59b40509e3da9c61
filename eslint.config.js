/** Lint rules. Each project rule says in its message what to use instead and why. Style is Prettier's, directions are dependency-cruiser's. */
import n from "eslint-plugin-n";
import unicorn from "eslint-plugin-unicorn";
import tseslint from "typescript-eslint";

const mediaTypeSubstring = {
  selector:
    "CallExpression[callee.property.name='includes'][arguments.0.value=/^(application|text)\\u002F/], CallExpression[callee.property.name='indexOf'][arguments.0.value=/^(application|text)\\u002F/]",
  message: "Parse the media type: a substring test accepts text/event-streaming and refuses Application/JSON.",
};
const clockInPureCode = [
  {
    selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
    message: "Pure code takes nowMs as an argument, so that a test can set the time.",
  },
  {
    selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']",
    message: "Pure code takes random values as arguments, so that a result can be repeated.",
  },
  {
    selector: "CallExpression[callee.name=/^(setTimeout|setInterval|setImmediate)$/]",
    message: "Pure code has no timers: the shell owns time.",
  },
];
const slowOnDataPath = [
  {
    selector: "CallExpression[callee.name='fetch']",
    message: "fetch costs twelve times the data path: use the Upstream interface.",
  },
  {
    selector: "CallExpression[callee.object.name='AbortSignal'][callee.property.name='timeout']",
    message: "A timer per call costs more than the decision: use the deadline wheel.",
  },
];

export default tseslint.config(
  { ignores: ["**/dist/**", "**/node_modules/**", "coverage/**", "**/testdata/**"] },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { n, unicorn },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "n/prefer-node-protocol": "error",
      "unicorn/filename-case": ["error", { case: "kebabCase" }],
      "no-console": "error",
      "no-restricted-syntax": ["error", mediaTypeSubstring],
      "max-lines": ["error", { max: 400, skipBlankLines: true, skipComments: true }],
      complexity: ["error", { max: 10, variant: "modified" }],
      "max-depth": ["error", 3],
      "max-params": ["error", 3],
      "max-nested-callbacks": ["error", 3],
    },
  },
  {
    files: [
      "packages/mcp/src/**/*.ts",
      "packages/policy/src/**/*.ts",
      "packages/api/src/**/*.ts",
      "webhook/src/inject/**/*.ts",
    ],
    ignores: ["**/*.test.ts"],
    rules: { "no-restricted-syntax": ["error", mediaTypeSubstring, ...clockInPureCode] },
  },
  {
    files: ["sidecar/src/{call,downstream,upstream}/**/*.ts"],
    ignores: ["**/*.test.ts"],
    rules: { "no-restricted-syntax": ["error", mediaTypeSubstring, ...slowOnDataPath] },
  },
  {
    files: ["{packages/*,certs,webhook,sidecar,aggregator,operator}/src/**/*.ts"],
    ignores: ["**/main.ts", "**/*.test.ts"],
    rules: {
      "n/no-process-exit": "error",
      "n/no-process-env": "error",
    },
  },
  {
    files: ["**/*.test.ts", "test/**/*.ts"],
    rules: {
      "max-lines": ["error", { max: 800, skipBlankLines: true, skipComments: true }],
      "max-nested-callbacks": ["error", 5],
      // Rows of a table of cases are taken apart by parameters.
      "max-params": "off",
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
  {
    files: ["test/**/*.ts", "docs/**/*.ts", "cli/src/**/*.ts"],
    rules: { "no-console": "off" },
  },
);
