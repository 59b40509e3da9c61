/** Asks sidecars at their control ports: how much they are used, and what their server lists. Decides nothing of it. */
import type { AsleepContent } from "@outrigger/api/asleep";
import { feedEvent, feedPaths, readActivity, readCatalogue, readFeedState, type FeedState } from "@outrigger/api/feed";
import { sidecarPorts } from "@outrigger/api/ports";
import type { InjectedPod } from "../cluster/injected-pod.ts";
import type { ActivityAnswer } from "./reconcile.ts";

/** What a server lists, or why that is not known. */
export type ContentAnswer =
  { readonly ok: true; readonly value: AsleepContent } | { readonly ok: false; readonly problem: string };

/** The sidecars of injected pods. Never rejects. */
export interface Sidecars {
  readonly readActivity: (pod: InjectedPod, signal: AbortSignal) => Promise<ActivityAnswer>;
  readonly readContent: (pod: InjectedPod, signal: AbortSignal) => Promise<ContentAnswer>;
}

/** Longest time of one answer, ms, and its bytes at most: a sidecar passes on what its server lists, up to 16 MiB. */
const answerMs = 5_000;
const maxBytes = 24 * 1024 * 1024;
const maxActivityBytes = 1_024;

type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

/** Creates the way to them. */
export function createSidecars(): Sidecars {
  return {
    readActivity: (pod, signal) =>
      ask(pod, feedPaths.activity, {
        signal,
        read: async (response) => readActivity(JSON.parse(await readText(response, maxActivityBytes))),
      }),
    readContent: async (pod, signal) => {
      const state = await ask(pod, feedPaths.feed, { signal, read: readFirstState });
      if (!state.ok) return state;
      const { digest } = state.value;
      if (digest === undefined) return { ok: false, problem: `pod ${pod.name}: the server was not listed yet` };
      const catalogue = await ask(pod, feedPaths.catalogue + digest, {
        signal,
        read: async (response) => readCatalogue(JSON.parse(await readText(response, maxBytes))),
      });
      return catalogue.ok ? { ok: true, value: { state: state.value, catalogue: catalogue.value } } : catalogue;
    },
  };
}

interface Asking<T> {
  readonly signal: AbortSignal;
  /** Undefined, or an error, where the answer is none. */
  readonly read: (response: Response) => Promise<T | undefined>;
}

async function ask<T>(pod: InjectedPod, path: string, { signal, read }: Asking<T>): Promise<Answer<T>> {
  const url = addressOf(pod);
  if (url === undefined) return { ok: false, problem: "it has no address" };
  const ending = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
  try {
    const response = await fetch(url + path, { signal: ending, redirect: "error" });
    if (response.status !== 200) {
      await response.body?.cancel();
      return { ok: false, problem: `the sidecar answered ${response.status} to ${path.split("/", 3).join("/")}` };
    }
    const value = await read(response);
    return value === undefined ? { ok: false, problem: "the sidecar's answer can't be read" } : { ok: true, value };
  } catch (error) {
    return { ok: false, problem: `the sidecar does not answer: ${describe(error)}` };
  }
}

/** The causes of a failed fetch stand behind it. */
function describe(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message : String(cause);
}

function addressOf({ addresses }: InjectedPod): string | undefined {
  const [address] = addresses;
  if (address === undefined) return undefined;
  return `http://${address.includes(":") ? `[${address}]` : address}:${sidecarPorts.control}`;
}

/** The type of the platform leaves open what a body is made of. */
function chunksOf({ body }: Response): AsyncIterable<Uint8Array> | readonly Uint8Array[] {
  return (body as AsyncIterable<Uint8Array> | null) ?? [];
}

/** The body up to so many bytes. Errors: rejects where it is longer. */
async function readText(response: Response, limit: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunksOf(response)) {
    bytes += chunk.length;
    if (bytes > limit) throw new Error(`the answer is longer than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** The state of now: the first event of the feed, which our own sidecar writes as one line. The stream goes on; it is left. */
async function readFirstState(response: Response): Promise<FeedState | undefined> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of chunksOf(response)) {
    text += decoder.decode(chunk, { stream: true });
    const state = findState(text);
    // Leaving the loop ends the stream.
    if (state !== undefined || text.length > maxBytes) return state;
  }
  return undefined;
}

function findState(text: string): FeedState | undefined {
  const whole = text.slice(0, text.lastIndexOf("\n\n") + 1);
  const event = whole.split("\n\n").find((each) => each.split("\n").includes(`event: ${feedEvent}`));
  const data = event?.split("\n").find((line) => line.startsWith("data: "));
  return data === undefined ? undefined : readFeedState(JSON.parse(data.slice("data: ".length)));
}
