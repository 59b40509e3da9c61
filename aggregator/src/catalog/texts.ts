/** What a server says of itself for people. Pure. */
import type { FeedState } from "@outrigger/api/feed";
import { holdsHiddenText } from "./hidden-text.ts";

/** Title and description; the first paragraph of its instructions stands in for a description. A text that people can't see whole is left out. */
export function readTexts({ identity }: Pick<FeedState, "identity">): {
  readonly title?: string;
  readonly description?: string;
} {
  const title = readVisible(identity.title);
  const description = readVisible(identity.description ?? readFirstParagraph(identity.instructions));
  return { ...(title === undefined ? {} : { title }), ...(description === undefined ? {} : { description }) };
}

function readVisible(text: string | undefined): string | undefined {
  return text === undefined || holdsHiddenText(JSON.stringify(text)) ? undefined : text;
}

function readFirstParagraph(text: string | undefined): string | undefined {
  const paragraph = text?.trim().split(/\n\s*\n/, 1)[0];
  return paragraph === "" ? undefined : paragraph;
}
