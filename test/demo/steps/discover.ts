/** Step: every server of the file stands behind the one endpoint, with its tools. */
import { claim } from "../claim.ts";
import type { Step } from "../step.ts";

/** One server as the read API lists it. */
interface Listed {
  readonly name: string;
  readonly transport: string;
  readonly era: string;
  readonly protocolVersion: string;
  readonly state: string;
  readonly toolsCount: number;
  /** Why some of what a server lists is not shown. */
  readonly notes?: readonly { readonly reason: string; readonly message: string }[];
}

export const discover: Step = {
  title: "Discovery: one endpoint knows every server and its tools",
  run: async ({ base, modern, outrigger }, { paint }) => {
    const response = await fetch(`${base}/api/v1/servers`);
    // The read API's own form, checked member by member below where a claim rests on it.
    const { servers } = (await response.json()) as { readonly servers: readonly Listed[] };
    claim(servers.length >= 6, "at least six servers are known", servers.length);
    const unready = servers.filter(({ state }) => state !== "Ready").map(({ name, state }) => `${name} is ${state}`);
    claim(unready.length === 0, "every server is ready", unready);
    const tools = servers.reduce((sum, { toolsCount }) => sum + toolsCount, 0);
    const unlike = servers.filter((server) => {
      const served = outrigger.servers().get(server.name)?.tools ?? 0;
      return server.toolsCount !== served && findHeldBack(server) === undefined;
    });
    claim(
      unlike.length === 0 && tools > 50,
      "the endpoint knows the tools that the sidecars serve, or says why not",
      unlike,
    );
    const { structured } = await modern.call("list_servers", {});
    const seen = JSON.stringify(structured);
    claim(
      servers.every(({ name }) => seen.includes(`"${name}"`)),
      "a client sees the same servers",
      structured,
    );
    return {
      rows: servers.map((server) => [
        paint.name(server.name),
        server.transport,
        `${server.era} ${server.protocolVersion}`,
        `${server.toolsCount}`.padStart(2) + (server.toolsCount === 1 ? " tool" : " tools"),
        findHeldBack(server) ?? "",
      ]),
      proven: `${servers.length} servers with ${tools} tools at ${paint.link(outrigger.mcpUrl)}`,
    };
  },
};

/** What of a server's tools is not shown. */
function findHeldBack({ notes = [] }: Listed): string | undefined {
  return notes.find(({ reason }) => reason === "EntriesHeldBack")?.message.replace(/^[^:]*:/, "held back:");
}
