/** Sends whole answers of the sidecar's own ports. To a HEAD, Node sends the head alone. */
import type { ServerResponse } from "node:http";

/** The media type of JSON; its charset is UTF-8 by definition, and readers look for it all the same. */
export const jsonType = "application/json; charset=utf-8";

/** Sends a text of a media type. */
export function sendText(
  response: ServerResponse,
  status: number,
  { type, content }: { readonly type: string; readonly content: string | Buffer },
): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(content) }).end(content);
}

/** Sends a value as JSON. */
export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  sendText(response, status, { type: jsonType, content: JSON.stringify(value) });
}
