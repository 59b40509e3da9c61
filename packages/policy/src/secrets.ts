/**
 * The built-in patterns of secrets, the only regular expressions that look at what callers and servers send. Each takes time in
 * proportion to the text: it starts at a literal, a run that it may scan has no second start inside it, and every count is bounded.
 */

/** What each pattern finds, for people, and the expression. */
const patterns = {
  AWSKey: { finds: "Access key ids of AWS.", source: String.raw`(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])` },
  AnthropicKey: { finds: "API keys of Anthropic.", source: String.raw`(?<![\w-])sk-ant-[\w-]{20,255}` },
  AzureStorageKey: {
    finds: "Account keys in connection strings of Azure Storage.",
    source: String.raw`AccountKey=[A-Za-z0-9+/]{86}==`,
  },
  BearerToken: {
    finds: "Tokens behind the word Bearer.",
    source: String.raw`(?<!\w)[Bb]earer [\w.~+/-]{20,4096}={0,2}`,
  },
  GitHubToken: {
    finds: "Tokens of GitHub.",
    source: String.raw`(?<!\w)(?:gh[opsru]_[A-Za-z0-9]{36,255}|github_pat_\w{22,255})`,
  },
  GitLabToken: { finds: "Personal access tokens of GitLab.", source: String.raw`(?<![\w-])glpat-[\w-]{20,255}` },
  GoogleAPIKey: { finds: "API keys of Google.", source: String.raw`(?<![\w-])AIza[\w-]{35}(?![\w-])` },
  JWT: {
    finds: "JSON Web Tokens, among them those of Kubernetes service accounts.",
    source: String.raw`(?<![\w-])eyJ[\w-]{8,8192}\.eyJ[\w-]{8,8192}\.[\w-]{8,8192}`,
  },
  NPMToken: { finds: "Tokens of the npm registry.", source: String.raw`(?<!\w)npm_[A-Za-z0-9]{36}(?!\w)` },
  OpenAIKey: { finds: "API keys of OpenAI.", source: String.raw`(?<![\w-])sk-(?:proj|svcacct|admin)-[\w-]{20,255}` },
  PEM: {
    finds: "Private keys in PEM form; where they are replaced, the whole block.",
    source: String.raw`-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----(?:[^-]|-(?!----))*(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----)?`,
  },
  SlackToken: { finds: "Tokens of Slack.", source: String.raw`(?<![\w-])xox[abeoprs]-[A-Za-z0-9-]{10,255}` },
  StripeKey: { finds: "Live keys of Stripe.", source: String.raw`(?<!\w)[rs]k_live_[A-Za-z0-9]{20,255}` },
  URLPassword: {
    finds: "Passwords in URLs.",
    source: String.raw`(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s/:@]{0,128}:[^\s/@]{1,256}@`,
  },
} as const;

/** The name of a pattern. */
export type SecretPatternName = keyof typeof patterns;

/** All names, in alphabetical order. */
// Object.keys of a const object yields exactly its keys.
export const secretPatternNames: readonly SecretPatternName[] = Object.keys(patterns) as SecretPatternName[];

/** Says whether a text is the name of a pattern. */
export function isSecretPattern(name: string): name is SecretPatternName {
  return Object.hasOwn(patterns, name);
}

/** What a pattern finds: one sentence. */
export function describeSecretPattern(name: SecretPatternName): string {
  return patterns[name].finds;
}

/** Patterns ready for use. */
export interface SecretFinder {
  readonly names: readonly SecretPatternName[];
  /** The name of the first pattern that fits something in the text. Cost: a pass over the text for each pattern. */
  readonly find: (text: string) => SecretPatternName | undefined;
  /** The text with everything replaced that a pattern fits; the same text where nothing was. */
  readonly replace: (text: string, by: string) => string;
}

/** Compiles some patterns; undefined where there are none. */
export function createSecretFinder(names: readonly SecretPatternName[]): SecretFinder | undefined {
  if (names.length === 0) return undefined;
  const compiled = [...new Set(names)].map((name) => {
    const { source } = patterns[name];
    return { name, one: new RegExp(source, "u"), all: new RegExp(source, "gu") };
  });
  return {
    names: compiled.map(({ name }) => name),
    find: (text) => compiled.find(({ one }) => one.test(text))?.name,
    replace: (text, by) => compiled.reduce((left, { all }) => left.replace(all, () => by), text),
  };
}
