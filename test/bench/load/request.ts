/** Prebuilt request bytes. Only the id changes from one request to the next, and it is written over the last one in place. */

/** Stands in a body where the id of the request comes: a whole number of nine digits. */
export const idPlaceholder = "100000000";

/** One kind of request. */
export interface LoadCase {
  readonly name: string;
  /** JSON with {@link idPlaceholder} for the id, once. */
  readonly body: string;
  /** Stands in every answer, near its start where it is long; an answer without it fails the run. */
  readonly answerHas: string;
}

/** Where requests go. `headers` come on top of those that every MCP client sends. */
export interface Target {
  /** Stands in what is said of a wrong answer. */
  readonly name: string;
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** The bytes of a request. `withId` writes the id and gives the same buffer again: it may not be in use any more. */
export interface RequestBytes {
  readonly withId: (id: number) => Buffer;
}

/** Builds the bytes of one connection's requests. Throws where the body has no place for an id: then it can't be measured. */
export function createRequestBytes(load: LoadCase, target: Target): RequestBytes {
  const body = Buffer.from(load.body);
  const head = Object.entries({
    Host: `127.0.0.1:${target.port}`,
    "Content-Type": "application/json",
    Accept: "application/json, text/event-stream",
    "Content-Length": String(body.length),
    ...target.headers,
  }).map(([name, value]) => `${name}: ${value}`);
  const bytes = Buffer.concat([Buffer.from(`POST /mcp HTTP/1.1\r\n${head.join("\r\n")}\r\n\r\n`), body]);
  const idAt = bytes.indexOf(`"id":${idPlaceholder}`) + '"id":'.length;
  if (idAt < '"id":'.length) throw new Error(`${load.name}: the body has no "id":${idPlaceholder}`);
  return {
    withId: (id) => {
      bytes.write(String(id), idAt, "latin1");
      return bytes;
    },
  };
}

/** Gives ids that no request of this process had, all of nine digits. */
export function createIds(): () => number {
  let next = Number(idPlaceholder);
  return () => {
    next = next === 999_999_999 ? Number(idPlaceholder) : next + 1;
    return next;
  };
}
