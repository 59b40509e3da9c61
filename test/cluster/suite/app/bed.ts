/** What runs in the pods that try the bed: `serve PORT` answers HTTP and tells of each request, `sleep` only stays. */
import { createServer } from "node:http";

const [, , role, port = "8080"] = process.argv;

if (role === "serve") {
  const server = createServer((request, response) => {
    console.log(`asked for ${request.url ?? ""}`);
    response.end("bed");
  });
  server.listen(Number(port), () => console.log(`listens on ${port}`));
} else {
  setInterval(() => undefined, 60_000);
}
process.on("SIGTERM", () => process.exit(0));
