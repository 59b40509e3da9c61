/** Commands of the pages that serve until they are ended: how each is started on another port than the page's. */

/** One such command. `port` is the page's, `line` gives what a shell runs; `isEndpoint`: later commands of the page talk to it. */
export interface Serving {
  readonly port: string;
  readonly line: (port: string) => string;
  readonly env: Readonly<Record<string, string>>;
  readonly isEndpoint: boolean;
}

const outrigger = /^npx outrigger (?<verb>up|sidecar) (?<flags>.*?(?:--port |--listen 127\.0\.0\.1:)(?<port>\d+).*)$/;
const forward = /^(?<start>kubectl port-forward .*) (?<port>\d+)(?<to>:\d+)$/;

/** Ends a program with whoever started it. */
const endsWithUs = { up: "--watch-stdin", sidecar: "--watch-stdin yes" } as const;

/** Reads a command; undefined where it ends by itself. */
export function readServing(command: string): Serving | undefined {
  return readOutrigger(command) ?? readForward(command);
}

function readOutrigger(command: string): Serving | undefined {
  const { verb, flags = "", port = "" } = outrigger.exec(command)?.groups ?? {};
  if (verb !== "up" && verb !== "sidecar") return undefined;
  return {
    port,
    line: (free) => `exec outrigger ${verb} ${endsWithUs[verb]} ${flags.replaceAll(port, free)}`,
    env: verb === "up" ? {} : { OUTRIGGER_CONTROL: "127.0.0.1:0", OUTRIGGER_ADMIN: "127.0.0.1:0" },
    isEndpoint: verb === "up",
  };
}

function readForward(command: string): Serving | undefined {
  const { start, port, to } = forward.exec(command)?.groups ?? {};
  if (start === undefined || port === undefined || to === undefined) return undefined;
  return { port, line: (free) => `exec ${start} ${free}${to}`, env: {}, isEndpoint: true };
}
