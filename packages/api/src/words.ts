/** The words that labels and annotations take, and the types that code switches over. */

/** The words by key. */
export const words = {
  inject: ["enabled", "disabled"],
  enforce: ["required"],
  transport: ["streamable-http", "sse", "stdio"],
  portMode: ["sidecar-port", "loopback", "env", "named-port"],
  probes: ["rewrite", "keep"],
  circuitBreaker: ["on", "off"],
  strategy: ["RoundRobin", "LeastConnections", "Random", "Weighted", "Failover"],
  affinity: ["None", "Caller", "Session"],
  retry: ["Unsent", "ReadOnly", "Idempotent"],
  questions: ["Refuse", "Hold"],
  logLevel: ["debug", "info", "warn", "error"],
} as const;

export type Transport = (typeof words.transport)[number];
export type Strategy = (typeof words.strategy)[number];
export type Affinity = (typeof words.affinity)[number];
export type Retry = (typeof words.retry)[number];
export type QuestionMode = (typeof words.questions)[number];
export type PortMode = (typeof words.portMode)[number];
