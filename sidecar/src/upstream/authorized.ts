/**
 * A server elsewhere, spoken to with the sidecar's own credentials: they take the place of headers of the same names, and are replaced once
 * where the server refuses them with 401, which says that it ran nothing. What they are is for whoever gives them.
 */
import type { Asker, Credentials, Shown } from "../credentials/credentials.ts";
import type { HttpUpstream } from "./http.ts";
import { ownCaller, type UpstreamCall, type UpstreamRequest, type UpstreamSink } from "./upstream.ts";

/** One request under way, over one attempt or two. */
interface Underway {
  readonly request: UpstreamRequest;
  readonly sink: UpstreamSink;
  readonly asker: Asker;
  call: UpstreamCall | undefined;
  isAborted: boolean;
}

/** The same server with credentials on each request. */
export function authorize(http: HttpUpstream, credentials: Credentials): HttpUpstream {
  const proceed = (mine: Underway, shown: Shown, isLast: boolean): void => {
    if (mine.isAborted) return;
    if (shown.ok) attempt(mine, shown.headers, isLast);
    else mine.sink.onFailure(shown.failure);
  };
  const attempt = (mine: Underway, headers: readonly string[], isLast: boolean): void => {
    const { sink, asker, request } = mine;
    let isRefused = false;
    const call = http.send(
      { ...request, headers: [...without(request.headers, headers), ...headers] },
      {
        onHead: (status, answered) => {
          isRefused = status === 401;
          if (!isRefused) {
            credentials.accepted(asker);
            sink.onHead(status, answered);
            return;
          }
          // Its own end would come within what is being read.
          queueMicrotask(() => call.abort());
          void credentials.replace(asker, headers, isLast).then((next) => proceed(mine, next, true));
        },
        onData: (chunk) => isRefused || sink.onData(chunk),
        onEnd: () => {
          if (!isRefused) sink.onEnd();
        },
        onFailure: (failure) => {
          if (!isRefused) sink.onFailure(failure);
        },
      },
    );
    mine.call = call;
  };
  return {
    ...http,
    send: (request, sink) => {
      const { caller, assertion } = request;
      const asker = { caller, assertion, isOwn: caller === ownCaller };
      const mine: Underway = { request, sink, asker, call: undefined, isAborted: false };
      const shown = credentials.get(asker);
      if (shown instanceof Promise) void shown.then((later) => proceed(mine, later, false));
      // Later, since whoever sends does not have the call yet.
      else if (!shown.ok) queueMicrotask(() => proceed(mine, shown, false));
      else attempt(mine, shown.headers, false);
      return {
        resume: () => mine.call?.resume(),
        abort: (why) => {
          mine.isAborted = true;
          mine.call?.abort(why);
        },
      };
    },
  };
}

/** The headers without those that come in their place. Flat lists. */
function without(headers: readonly string[], replacing: readonly string[]): string[] {
  const names = new Set(replacing.filter((_, at) => at % 2 === 0));
  return headers.filter((_, at) => !names.has((headers[at - (at % 2)] ?? "").toLowerCase()));
}
