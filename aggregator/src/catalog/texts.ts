/** What a server says of itself for people. Pure. */
import type { FeedState } from "@outrigger/api/feed";

/** Title and description; the first paragraph of its instructions stands in for a description. */
export function readTexts({ identity }: Pick<FeedState, "identity">): {
  readonly title?: string;
  readonly description?: string;
} {
  const { title } = identity;
  const description = identity.description ?? readFirstParagraph(identity.instructions);
  return { ...(title === undefined ? {} : { title }), ...(description === undefined ? {} : { description }) };
}

function readFirstParagraph(text: string | undefined): string | undefined {
  const paragraph = text?.trim().split(/\n\s*\n/, 1)[0];
  return paragraph === "" ? undefined : paragraph;
}
