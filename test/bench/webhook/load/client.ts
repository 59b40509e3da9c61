/**
 * Posts over connections that stay open, one request at a time on each: to a webhook or to an API server. It decides which answers are
 * right; whoever sends the load decides when.
 */
import { Client } from "undici";
import { createIds, idPlaceholder } from "../../load/request.ts";
import type { Connection } from "../../load/connection.ts";

/** Where requests go. Certificates are PEM; `key` and `cert` say who asks. */
export interface Target {
  /** Stands in what is said of a wrong answer. */
  readonly name: string;
  readonly origin: string;
  readonly path: string;
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
}

/** What is sent, in turn. Bodies bear {@link idPlaceholder} where each request has a number of its own. */
export interface Requests {
  readonly bodies: readonly string[];
  readonly status: number;
  /** Stands in every right answer, with the number of the request in the place of the placeholder. */
  readonly answerHas: readonly string[];
}

/** One open connection. */
export interface Poster {
  /** Sends the next body. Gives what is wrong with the answer, nothing where it is right. Never rejects. */
  readonly post: () => Promise<string | undefined>;
  readonly close: () => void;
}

const nextId = createIds();
const shownCharacters = 300;
const answerWithinMs = 20_000;

/** Opens connections that take their bodies in turn, so that each kind is sent as often, whichever connections are busy. */
export function openPosters(target: Target, requests: Requests, count: number): readonly Poster[] {
  const { ca, cert, key } = target;
  const identity = { ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) };
  let turn = 0;
  return Array.from({ length: count }, () => {
    // The certificate is made for this machine's address under several names; HTTP/2 would put all requests on one connection.
    const client = new Client(target.origin, {
      ...{ allowH2: false, bodyTimeout: answerWithinMs, headersTimeout: answerWithinMs },
      connect: { ca, ...identity },
    });
    return {
      post: () => postOne(client, target, { requests, turn: turn++ }),
      close: () => void client.destroy().catch(() => undefined),
    };
  });
}

async function postOne(
  client: Client,
  { path }: Target,
  { requests, turn }: { readonly requests: Requests; readonly turn: number },
): Promise<string | undefined> {
  const id = String(nextId());
  const template = requests.bodies[turn % requests.bodies.length] ?? "";
  const body = template.replaceAll(idPlaceholder, id);
  const headers = { "content-type": "application/json", accept: "application/json" };
  try {
    const answer = await client.request({ method: "POST", path, headers, body });
    const text = await answer.body.text();
    const missing = requests.answerHas.find((part) => !text.includes(part.replaceAll(idPlaceholder, id)));
    if (answer.statusCode === requests.status && missing === undefined) return undefined;
    const why = missing === undefined ? "" : `, no ${missing}`;
    return `HTTP ${answer.statusCode}${why}: ${text.slice(0, shownCharacters)}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Runs `work` over connections for the loads of this benchmark. Rejects with the first answer that is wrong. */
export async function withConnections<T>(
  options: { readonly target: Target; readonly requests: Requests; readonly connections: number },
  work: (connections: readonly Connection[]) => Promise<T>,
): Promise<T> {
  const { target, requests } = options;
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  const posters = openPosters(target, requests, options.connections);
  const connections = posters.map(({ post }) => {
    const connection: Connection = {
      send: () =>
        void post().then((wrong) => {
          if (wrong === undefined) connection.onAnswer();
          else failed.reject(new Error(`${target.name}: a wrong answer: ${wrong}`));
        }),
      onAnswer: () => undefined,
    };
    return connection;
  });
  try {
    // Each connection is open before anything counts.
    for (const wrong of await Promise.all(posters.map(({ post }) => post())))
      if (wrong !== undefined) throw new Error(`${target.name}: a wrong answer: ${wrong}`);
    return await Promise.race([work(connections), failed.promise]);
  } finally {
    for (const { close } of posters) close();
  }
}
