/** Writes the heads of answers. Pure. Source: RFC 9112 sections 4, 6 and 9.3, RFC 9110 section 15. */
import { keepAliveMs } from "./patience.ts";

/** The beginning of a head: status line and headers, before what is said about body and connection. */
export interface AnswerBeginning {
  readonly text: string;
  /** Whether the answer's own headers say how long it is. */
  readonly hasLength: boolean;
  readonly keepsAlive: boolean;
}

/** What a head ends with: how the end of the body is found where the headers do not say it, and what becomes of the connection. */
export interface AnswerRest {
  /** A number of bytes; or that the headers have said it, or nothing can. */
  readonly body: number | "chunked" | "said";
  readonly keepsAlive: boolean;
}

/** The words of a status, as Node writes them; clients look at the number. */
const reasons: Readonly<Record<number, string>> = {
  ...{ 200: "OK", 201: "Created", 202: "Accepted", 203: "Non-Authoritative Information", 204: "No Content" },
  ...{ 205: "Reset Content", 206: "Partial Content", 300: "Multiple Choices", 301: "Moved Permanently", 302: "Found" },
  ...{ 303: "See Other", 304: "Not Modified", 307: "Temporary Redirect", 308: "Permanent Redirect" },
  ...{ 400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found" },
  ...{ 405: "Method Not Allowed", 406: "Not Acceptable", 407: "Proxy Authentication Required", 408: "Request Timeout" },
  ...{ 409: "Conflict", 410: "Gone", 411: "Length Required", 412: "Precondition Failed", 413: "Payload Too Large" },
  ...{ 414: "URI Too Long", 415: "Unsupported Media Type", 416: "Range Not Satisfiable", 417: "Expectation Failed" },
  ...{ 421: "Misdirected Request", 422: "Unprocessable Entity", 425: "Too Early", 426: "Upgrade Required" },
  ...{ 428: "Precondition Required", 429: "Too Many Requests", 431: "Request Header Fields Too Large" },
  ...{ 451: "Unavailable For Legal Reasons", 500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway" },
  ...{ 503: "Service Unavailable", 504: "Gateway Timeout", 505: "HTTP Version Not Supported" },
};

const statusLine = (status: number): string => `HTTP/1.1 ${status} ${reasons[status] ?? ""}\r\n`;
const okLine = statusLine(200);

/** What would begin another line, or would once it is one byte: such a header is not sent. Source: RFC 9110 section 5.5. */
const unwritable = /[^\t\x20-\x7e\x80-\xff]/;

/** Names are compared by length first: few of them are of interest. */
const isNamed = (name: string, lower: string): boolean => name.length === lower.length && name.toLowerCase() === lower;

/** Begins a head. What headers say about the connection is taken out of them. */
export function beginHead(status: number, headers: readonly string[]): AnswerBeginning {
  let text = status === 200 ? okLine : statusLine(status);
  let hasLength = false;
  let keepsAlive = true;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? "";
    const value = headers[at + 1] ?? "";
    if (isNamed(name, "connection")) keepsAlive &&= value.toLowerCase() !== "close";
    else if (!unwritable.test(value) && !unwritable.test(name)) {
      hasLength ||= isNamed(name, "content-length");
      text += `${name}: ${value}\r\n`;
    }
  }
  return { text, hasLength, keepsAlive };
}

/** Ends a head. */
export function endHead(text: string, { body, keepsAlive }: AnswerRest): string {
  return `${text}${frame(body)}${keepsAlive ? kept : "Connection: close\r\n\r\n"}`;
}

function frame(body: AnswerRest["body"]): string {
  if (body === "said") return "";
  return body === "chunked" ? "Transfer-Encoding: chunked\r\n" : `content-length: ${body}\r\n`;
}

const kept = `Connection: keep-alive\r\nKeep-Alive: timeout=${keepAliveMs / 1_000}\r\n\r\n`;

/** A whole answer without a body, and the last of its connection. */
export const writeLastAnswer = (status: number): string => `${statusLine(status)}connection: close\r\n\r\n`;

/** Whether an answer has a body at all, whatever its headers say. */
export const isBodiless = (method: string, status: number): boolean =>
  method === "HEAD" || status === 204 || status === 304;
