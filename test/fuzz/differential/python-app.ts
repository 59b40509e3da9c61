/** A server of the Python SDK that runs any tool and says its name. */
import { join } from "node:path";
import { startProgram } from "../../fixtures/program.ts";
import { preparePythonSdk } from "../../fixtures/python-sdk/install.ts";
import { allowedTools, deniedTools } from "../names.ts";
import type { RecordingApp } from "./sdk-apps.ts";

/** Starts the server. */
export async function startPythonApp(): Promise<RecordingApp> {
  const env = await preparePythonSdk();
  const ran: string[] = [];
  const listening = Promise.withResolvers<number>();
  const names = JSON.stringify([...allowedTools, ...deniedTools]);
  const program = startProgram(["python3", join(import.meta.dirname, "python-app.py"), names], {
    env,
    onLine: (line) => {
      // The program beside this writes one JSON object per line.
      const said = JSON.parse(line) as { readonly port?: number; readonly ran?: string };
      if (said.port !== undefined) listening.resolve(said.port);
      if (said.ran !== undefined) ran.push(said.ran);
    },
  });
  const port = await program.whenReady(listening.promise, 60_000);
  const close = async (): Promise<void> => {
    await program.stop();
  };
  return { port, ran, close };
}
