/** What `outrigger connect` tells: for people, as one JSON object per line, or the address alone. */
import type { FoundService } from "../connect/find-service.ts";
import type { TunnelState } from "../connect/tunnel.ts";
import type { Io } from "../io.ts";
import { startLiveBlock, type LiveBlock } from "./live-block.ts";
import { layOut } from "./table.ts";
import { toOneLine } from "./width.ts";

/** How it is told. */
export type ConnectForm = "text" | "json" | "url";

/** What is told, in this order: what is forwarded, how it stands and changes, that it ends. */
export interface ConnectReport {
  readonly onStart: (service: FoundService, mcpUrl: string) => void;
  readonly onState: (state: TunnelState) => void;
  readonly onStopped: () => void;
}

/** Creates the report. Progress goes to stderr; the address, and every JSON line, to stdout. */
export function createConnectReport(io: Io, form: ConnectForm, now: () => Date): ConnectReport {
  return form === "json" ? createJsonReport(io) : createTextReport(io, form, now);
}

function createJsonReport({ out }: Io): ConnectReport {
  const write = (value: object): void => out.write(`${JSON.stringify(value)}\n`);
  return {
    onStart: ({ namespace, name }, url) => write({ event: "forwarding", url, namespace, service: name }),
    onState: (state) =>
      write(state.is === "open" ? { event: "open", pod: state.pod } : { event: "away", message: state.why }),
    onStopped: () => write({ event: "stopped" }),
  };
}

function createTextReport(io: Io, form: "text" | "url", now: () => Date): ConnectReport {
  const { err } = io;
  const { paint } = err;
  let block: LiveBlock | undefined;
  let url = "";
  let isOpen = false;
  let waitsFor = "looking for a pod that is ready";

  const open = (): void => {
    block?.finish();
    block = undefined;
    if (form === "url") io.out.write(`${url}\n`);
    else writeOpened(io, url);
  };
  return {
    onStart: ({ namespace, name }, mcpUrl) => {
      url = mcpUrl;
      err.write(`${paint.title("Outrigger")} forwards to service ${paint.name(name)} of namespace ${namespace}\n\n`);
      if (err.rows() === undefined) return;
      block = startLiveBlock(err, (frame) => [
        isOpen ? `  ${paint.good("✓")} open` : `  ${paint.warn(frame)} ${toOneLine(waitsFor)}`,
      ]);
    },
    onState: (state) => {
      const wasOpen = isOpen;
      isOpen ||= state.is === "open";
      if (!wasOpen && state.is === "open") {
        open();
        return;
      }
      if (state.is === "away") waitsFor = state.why;
      if (block !== undefined) return;
      const time = wasOpen ? paint.faint(now().toTimeString().slice(0, 8)) : " ";
      const line =
        state.is === "open" ? `${paint.good("✓")} pod ${state.pod}` : `${paint.warn("!")} ${toOneLine(state.why)}`;
      err.write(`${time} ${line}\n`);
    },
    onStopped: () => {
      block?.finish();
      err.write(`${paint.faint("The port is closed.")}\n`);
    },
  };
}

function writeOpened({ out, err }: Io, mcpUrl: string): void {
  const { paint } = out;
  const rows = [
    [paint.title("Endpoint"), paint.link(mcpUrl)],
    [paint.title("Next"), `outrigger client-config --endpoint ${mcpUrl} --client NAME`],
    ["", `outrigger search --endpoint ${mcpUrl} "read a file"`],
  ];
  err.write("\n");
  out.write(`${layOut(rows).join("\n")}\n`);
  err.write(`\n${err.paint.faint("Ctrl-C ends it. While a pod is replaced, connections wait for the next one.")}\n`);
}
