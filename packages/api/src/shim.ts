/** Where the stdio shim and its socket stand in a pod, and how it speaks. Webhook, sidecar, images and the shim itself must agree. */

/**
 * Paths in a pod whose server speaks over stdio. `shimFolder` is mounted read-only in the server's container and holds
 * `program`, the file `binary`; `runFolder` is mounted there and in the sidecar and holds `socket`.
 */
export const shimPaths = {
  binary: "shim",
  shimFolder: "/outrigger-shim",
  program: "/outrigger-shim/shim",
  runFolder: "/outrigger-run",
  socket: "/outrigger-run/stdio.sock",
} as const;

/** Name of the sidecar's environment variable that carries the socket. */
export const stdioSocketVariable = "OUTRIGGER_STDIO_SOCKET";

/** How each line begins that the shim says itself; on a connection only the last line may be one. */
export const shimMark = "outrigger-shim: ";
