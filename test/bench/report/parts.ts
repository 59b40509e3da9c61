/**
 * The parts of the page docs/benchmarks.md, each written by its own benchmark: the sidecar's first, behind it the webhook's, then the
 * aggregator's. Whoever writes one leaves the others as they are. Pure.
 */

/** A part. */
export type PagePart = "sidecar" | "webhook" | "aggregator";

/** What stands where a part begins, in the order of the parts. The first begins with the page. */
const beginnings: readonly (readonly [PagePart, string])[] = [
  ["webhook", "<!-- The webhook: written by `npm run bench -- webhook` with `--write`. Do not edit. -->"],
  ["aggregator", "<!-- The aggregator: written by `npm run bench -- aggregator` with `--write`. Do not edit. -->"],
];

/** The page with one part replaced; a part that was not there is added in its place. */
export function replacePart(page: string, part: PagePart, text: string): string {
  const parts = new Map<PagePart, string>();
  let rest = page;
  for (const [name, beginning] of beginnings.toReversed()) {
    const at = rest.indexOf(beginning);
    if (at < 0) continue;
    parts.set(name, rest.slice(at + beginning.length));
    rest = rest.slice(0, at);
  }
  parts.set("sidecar", rest).set(part, text);
  const write = (name: PagePart, beginning: string): string => {
    const own = parts.get(name)?.trim() ?? "";
    return own === "" || beginning === "" ? own : `${beginning}\n\n${own}`;
  };
  const written = [write("sidecar", ""), ...beginnings.map(([name, beginning]) => write(name, beginning))];
  return `${written.filter((each) => each !== "").join("\n\n")}\n`;
}
