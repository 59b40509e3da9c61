/** Sends whole answers of the sidecar's own ports. To a HEAD, the head alone is sent. */
import type { Visit } from "../downstream/visit.ts";

/** The media type of JSON; its charset is UTF-8 by definition, and readers look for it all the same. */
export const jsonType = "application/json; charset=utf-8";

/** What is sent. `headers`: flat list of further headers. */
export interface TextAnswer {
  readonly type: string;
  readonly content: string | Buffer;
  readonly headers?: readonly string[];
}

/** Sends a text of a media type. */
export function sendText(visit: Visit, status: number, { type, content, headers = [] }: TextAnswer): void {
  const body = typeof content === "string" ? Buffer.from(content) : content;
  const all = ["content-type", type, ...headers, "content-length", String(body.length)];
  visit.channel.head(visit, { status, headers: all, isLast: false });
  visit.channel.end(visit, body);
}

/** Sends a value as JSON. */
export function sendJson(visit: Visit, status: number, value: unknown): void {
  sendText(visit, status, { type: jsonType, content: JSON.stringify(value) });
}
