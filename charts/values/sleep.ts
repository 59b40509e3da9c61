/** Servers that sleep until they are called. */
import { patterns } from "./forms.ts";
import { count, text, toggle, type Group } from "./node.ts";

/** The block. */
export const sleep: Group = {
  meaning:
    "Servers that sleep until they are called: those whose workload has the annotation `outrigger.dev/idle-ttl`.",
  members: {
    enabled: toggle({
      meaning:
        "Whether there are any. The operator needs the right to scale Deployments and StatefulSets for it. Take the annotations away before you switch it off: that wakes who sleeps.",
      fallback: true,
      other: false,
    }),
    queue: count(
      {
        meaning: "How many calls may wait for one server to wake, in each pod of the aggregator; 0: none.",
        fallback: 100,
        other: 10,
      },
      { min: 0, max: 1_000 },
    ),
    timeout: text(
      { meaning: "How long a call waits for its server to wake at most.", fallback: "60s", other: "2m" },
      patterns.duration,
    ),
  },
};
