/** The server and the subjects of one run: started when first asked for, with their session where they need one, all ended at the end. */
import { rmSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fullPolicy, lineup, type SubjectName } from "./lineup.ts";
import { installPeer } from "./peers.ts";
import { bundleAll, type Programs } from "./programs.ts";
import { findFreePort } from "@outrigger/runtime/testing/free-port";
import { startSubject, type Process, type Subject } from "./subject.ts";

/** What the server has seen since its start. `silentConnections`: those on which no request ever came. */
export interface ServerState {
  readonly calls: number;
  readonly connections: number;
  readonly silentConnections: number;
  readonly openStreams: number;
  readonly floodedBytes: number;
}

/** A run's stage. */
export interface Stage {
  readonly programs: Programs;
  readonly folder: string;
  /** The server without any proxy. */
  readonly direct: Subject;
  readonly policyFile: string;
  /** Starts a subject, or gives it where it runs already. Rejects where it can't be had. */
  readonly subject: (name: SubjectName) => Promise<Subject>;
  /** Ends a subject, if it runs. */
  readonly end: (name: SubjectName) => Promise<void>;
  /** Subjects that have ended by themselves, each with the end of its error output. */
  readonly ended: () => readonly string[];
  /** Subjects by process id with the loads that they are warm for. */
  readonly warm: Set<string>;
  /** Process ids of the subjects that run now. */
  readonly pids: () => readonly number[];
  readonly serverState: () => Promise<ServerState>;
}

/** Sets the stage, does the work and ends everything. */
export async function withStage<T>(work: (stage: Stage) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "outrigger-bench-"));
  const subjects = new Map<SubjectName, Promise<Subject>>();
  const started = new Set<Subject>();
  const processes = new Set<Process>();
  let direct: Subject | undefined;
  // Who is interrupted leaves nothing behind, not even a proxy that does not mind the end of its input.
  const leave = (): void => {
    for (const { pid, isRunning } of processes) if (isRunning()) process.kill(pid, "SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", leave);
  try {
    const programs = await bundleAll(folder);
    const policies = { full: join(folder, "policy.json"), none: join(folder, "none.json") };
    await Promise.all([writeFile(policies.full, JSON.stringify(fullPolicy)), writeFile(policies.none, "{}")]);
    const server = await startDirect(programs);
    direct = server;
    const origin = `http://127.0.0.1:${server.port}`;
    const begin = async (name: SubjectName): Promise<Subject> => {
      const ports = [await findFreePort(), await findFreePort(), await findFreePort()] as const;
      const place = { programs, origin, ports, policies, peerFolder: installPeer };
      const { args, needsSession } = await lineup[name]({ ...place, ports: [...ports] });
      const subject = await startSubject({
        name,
        args,
        port: ports[0],
        core: "last",
        onStart: (each) => processes.add(each),
      });
      started.add(subject);
      return needsSession === true ? { ...subject, headers: await openSession(subject.port) } : subject;
    };
    return await work({
      programs,
      folder,
      direct: server,
      policyFile: policies.full,
      warm: new Set(),
      subject: (name) => {
        const running = subjects.get(name) ?? begin(name);
        subjects.set(name, running);
        return running;
      },
      end: async (name) => {
        subjects.delete(name);
        for (const subject of [...started].filter((each) => each.name === name)) {
          await subject.stop();
          started.delete(subject);
        }
      },
      ended: () =>
        [...started]
          .filter(({ isRunning }) => !isRunning())
          .map(({ name, stderr }) => `${name} has ended by itself: ${stderr().trim()}`),
      pids: () => [...started].filter(({ isRunning }) => isRunning()).map(({ pid }) => pid),
      serverState: async () => (await (await fetch(`${origin}/bench/state`)).json()) as ServerState,
    });
  } finally {
    await Promise.all([...started].map((subject) => subject.stop()));
    await direct?.stop();
    process.off("exit", leave);
    await rm(folder, { recursive: true, force: true });
  }
}

async function startDirect(programs: Programs): Promise<Subject> {
  const port = await findFreePort();
  return startSubject({ name: "no proxy", args: [programs.upstream, String(port)], port, core: "first" });
}

const sessionMs = 20_000;

/** Opens a session as a client does, and gives the header that its requests bear. */
async function openSession(port: number): Promise<Readonly<Record<string, string>>> {
  const post = (body: object, headers: Readonly<Record<string, string>>): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}/mcp`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
      body: JSON.stringify({ jsonrpc: "2.0", ...body }),
      signal: AbortSignal.timeout(sessionMs),
    });
  const clientInfo = { name: "bench", version: "1.0.0" };
  const params = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo };
  const answer = await post({ id: 1, method: "initialize", params }, {});
  const session = answer.headers.get("mcp-session-id");
  const text = await answer.text();
  if (session === null) throw new Error(`initialize gave no session: HTTP ${answer.status} ${text.slice(0, 300)}`);
  const headers = { "Mcp-Session-Id": session, "MCP-Protocol-Version": "2025-06-18" };
  await (await post({ method: "notifications/initialized" }, headers)).text();
  return headers;
}
