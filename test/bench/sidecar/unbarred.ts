/** What is asked, for people, of the figures that no bar asks for. */
import { peers } from "./peers.ts";

const ofPeers = Object.fromEntries(
  peers.flatMap((peer) => {
    const name = peer.split(" ", 1)[0]?.replaceAll("-", "_") ?? "";
    return [
      [`sidecar_vs_${name}`, `capacity, HTTP server, of ${peer} with a stdio server`],
      [`sidecar_stdio_vs_${name}`, `capacity, stdio server, of ${peer} with the same`],
    ];
  }),
);

/** Questions by the figure's name. */
export const questions: Readonly<Record<string, string>> = {
  call_10KB_out_vs_bare: "capacity, 10 KB out, of the bare passthrough",
  list_20_vs_bare: "capacity, list of 20 tools without rules, of the bare passthrough",
  call_300B_logged_vs_bare: "capacity, every call logged, of the bare passthrough",
  sidecar_stdio_vs_bare: "capacity, stdio server, of the bare passthrough with an HTTP server",
  ...ofPeers,
  added_p50_stdio_vs_bare: "added p50 at 500 calls/s, stdio server, of what bare adds",
  start_cold_vs_bare_http: "start to ready without a compile cache, of node:http",
  decide_and_record_us: "decision and metrics of one call",
  scan_1MB_many_values_ms: "loop held by 1 MB of many values",
  scan_1MB_one_string_ms: "loop held by 1 MB in one string",
};
