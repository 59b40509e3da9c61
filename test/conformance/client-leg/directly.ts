/** The client alone: what the suite judges is what the SDK's client does. Run by the suite, with the URL as the last argument. */
import { readTask, useServer } from "./client.ts";

await useServer(readTask(process.argv, process.env));
