/** The content of a tool's result as plain text: text as it is, everything else as one line that says what it is. */
import { stripVTControlCharacters } from "node:util";

type Fields = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Fields => typeof value === "object" && value !== null;
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** Writes the result's content, or its structured content where that is all there is. Ends without a line end. */
export function formatContent(result: Fields): string {
  const blocks = Array.isArray(result["content"]) ? result["content"].filter(isObject) : [];
  if (blocks.length > 0) return blocks.map(formatBlock).join("\n");
  return result["structuredContent"] === undefined ? "" : JSON.stringify(result["structuredContent"], null, 2);
}

function formatBlock(block: Fields): string {
  switch (block["type"]) {
    case "text":
      return textOf(block["text"]);
    case "image":
    case "audio":
      return `[${block["type"]} ${textOf(block["mimeType"])}, ${formatSize(decodedBytes(textOf(block["data"])))}]`;
    case "resource_link":
      return `[link ${textOf(block["uri"])}]`;
    case "resource":
      return formatResource(block["resource"]);
    default:
      return JSON.stringify(block);
  }
}

function formatResource(resource: unknown): string {
  if (!isObject(resource)) return "";
  if (typeof resource["text"] === "string") return resource["text"];
  return `[resource ${textOf(resource["uri"])}, ${formatSize(decodedBytes(textOf(resource["blob"])))}]`;
}

function decodedBytes(base64: string): number {
  return Math.floor((base64.replace(/=+$/, "").length * 3) / 4);
}

function formatSize(bytes: number): string {
  return bytes < 1024 ? `${bytes} bytes` : `${(bytes / 1024).toFixed(1)} KiB`;
}

/** Takes out what would steer a terminal; line ends and tabs stay. */
export function makeSafe(text: string): string {
  return stripVTControlCharacters(text).replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "");
}
