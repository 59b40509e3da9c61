/** The webhook's part of the page docs/benchmarks.md. Pure; whoever writes it formats it. */
import { describeRun } from "../report/describe.ts";
import { escape, formatList, formatTable } from "../report/page.ts";
import type { Told } from "../run-bench.ts";
import { findWebhookHeadlines } from "./headlines.ts";
import { buildWebhookTables } from "./tables.ts";

const introduction = `## The webhook

What an admission costs, beside a no-op webhook: the same server with the same TLS, limits and reader of reviews, that allows every pod
without looking at it. Everything of the webhook comes from one run of \`npm run bench -- webhook\` with \`--write\`.`;

const explanation = `### How the webhook is measured

- **The webhook is the program of the image**, on a core of its own, watching an API server for namespaces, trust keys and policy. Load and
  API server have another core.
- **Pods** are of four kinds that take turns: an HTTP server behind each of two port modes, a stdio server, and a server beside two other
  containers. Every answer is checked: each pod gets its sidecar.
- **Time** counts from when a pod was due, whether or not it could be sent then. Time in the webhook is read from its own histogram.
- **An admission** is the whole creation of a pod, dry run, so that nothing else happens to it.
- **Ready-made patches** come from the no-op webhook's server, which hands out what the webhook answered before. Between it and the no-op
  webhook lies what the API server itself does with a patch, whoever made it; between it and the webhook lies the deciding.
- **Growth** is the slope over the second half of the points, by the rule of \`npm run soak\`.`;

/** The part. */
export function formatSection(...[machine, facts, report]: Told): string {
  return [
    introduction,
    formatList(findWebhookHeadlines(report)),
    explanation,
    `### The run of the webhook\n\n${formatList(describeRun(machine, facts))}`,
    ...buildWebhookTables(report).map((table) => formatTable({ ...table, title: `Webhook: ${table.title}` }, "###")),
    ...(report.notes.length === 0 ? [] : [`### Webhook: Notes\n\n${formatList(report.notes.map(escape))}`]),
  ].join("\n\n");
}
