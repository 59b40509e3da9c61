/** The words that labels and annotations take, and the types that code switches over. */

/** The words by key. */
export const words = {
  inject: ["enabled", "disabled"],
  enforce: ["required"],
  transport: ["streamable-http", "sse", "stdio"],
  portMode: ["sidecar-port", "loopback", "env", "named-port"],
  probes: ["rewrite", "keep"],
  circuitBreaker: ["on", "off"],
  logLevel: ["debug", "info", "warn", "error"],
} as const;

export type Transport = (typeof words.transport)[number];
export type PortMode = (typeof words.portMode)[number];
