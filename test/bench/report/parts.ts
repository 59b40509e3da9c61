/**
 * The parts of the page docs/benchmarks.md, each written by its own benchmark: the sidecar's first, behind it the webhook's. Whoever writes
 * one leaves the other as it is. Pure.
 */

/** Stands where the second part begins. */
const secondBegins = "<!-- The webhook: written by `npm run bench -- webhook` with `--write`. Do not edit. -->";

/** The page with one part replaced; a part that was not there is added in its place. */
export function replacePart(page: string, part: "sidecar" | "webhook", text: string): string {
  const at = page.indexOf(secondBegins);
  const [first, second] = at < 0 ? [page, ""] : [page.slice(0, at), page.slice(at)];
  const parts = part === "sidecar" ? [text, second] : [first, `${secondBegins}\n\n${text}`];
  return `${parts
    .map((each) => each.trim())
    .filter((each) => each !== "")
    .join("\n\n")}\n`;
}
