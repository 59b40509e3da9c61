/** One server-sent event with its exact bytes, and how to write or rewrite one. Source: HTML standard, server-sent events. */

/** An event as it stood in the stream. `raw` holds its bytes with the empty line that ends it. */
export interface SseEvent {
  readonly raw: Buffer;
  /** The data lines joined by line feeds; undefined where the event has none. */
  readonly data?: string;
  readonly id?: string;
  readonly event?: string;
  readonly retry?: number;
  /** True where the event holds comments and nothing else. */
  readonly comment: boolean;
}

/** Writes an event. Line breaks in `data` become several data lines. */
export function encodeEvent(event: {
  readonly data: string;
  readonly event?: string;
  readonly id?: string;
  readonly retry?: number;
}): Buffer {
  const lines = [
    ...(event.event === undefined ? [] : [`event: ${event.event}`]),
    ...(event.id === undefined ? [] : [`id: ${event.id}`]),
    ...(event.retry === undefined ? [] : [`retry: ${event.retry}`]),
    ...event.data.split(/\r\n|\n|\r/).map((line) => `data: ${line}`),
  ];
  return Buffer.from(`${lines.join("\n")}\n\n`);
}

/** The same event with other data: every line that is no data line stays as it is and where it is. */
export function replaceData(event: SseEvent, data: string): Buffer {
  const lines = event.raw.toString("utf8").split(/\r\n|\n|\r/);
  const isData = (line: string): boolean => line === "data" || line.startsWith("data:");
  const first = lines.findIndex(isData);
  const kept = lines.filter((line) => line !== "" && !isData(line));
  const before = lines.slice(0, Math.max(0, first)).filter((line) => line !== "").length;
  const written = data.split(/\r\n|\n|\r/).map((line) => `data: ${line}`);
  return Buffer.from(`${[...kept.slice(0, before), ...written, ...kept.slice(before)].join("\n")}\n\n`);
}
