/** What the policy of a fuzzed sidecar forbids. Everything that tries to get through, and everything that counts what did, reads it here. */

/** The policy document. */
export const policy = {
  tools: { deny: ["denied_*", "delete_all"] },
  prompts: { deny: ["denied_*"] },
  resources: { deny: ["denied:*"] },
} as const;

export const deniedTools = ["delete_all", "denied_tool", "denied_é"] as const;
export const allowedTools = ["echo", "add", "read_file", "denied", "delete_al", "Delete_all"] as const;

const isDenied: Readonly<Record<"tool" | "prompt" | "resource", (name: string) => boolean>> = {
  tool: (name) => name === "delete_all" || name.startsWith("denied_"),
  prompt: (name) => name.startsWith("denied_"),
  resource: (uri) => uri.startsWith("denied:"),
};

/** Says whether the policy forbids a thing. Written apart from the product's own matching, which it is to be compared with. */
export const isForbidden = (kind: keyof typeof isDenied, name: string): boolean => isDenied[kind](name);
