/** Runs one program to its end. Decides what an error of it says: the command and the end of its own words. */
import { execFile, spawn } from "node:child_process";

/** How a program is run. */
export interface RunOptions {
  /** Given to its standard input. */
  readonly input?: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Folders of programs that root needs. The PATH of another user's shell often lacks the sbin ones. */
export const systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const maxOutputBytes = 64 * 1024 * 1024;
const keptErrorOutput = 1_500;

/** Gives the standard output. Rejects where the program can't be started or ends with another code than 0. */
export function run(command: readonly string[], options: RunOptions = {}): Promise<string> {
  const [file = "", ...args] = command;
  const { input, cwd } = options;
  const env = { ...withSystemPath(process.env), ...options.env };
  return new Promise((resolve, reject) => {
    const child = execFile(file, args, { env, cwd, maxBuffer: maxOutputBytes }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${describe(command)}: ${(stderr.trim() || error.message).slice(-keptErrorOutput)}`));
    });
    child.stdin?.on("error", () => undefined); // a program that does not read its input is not at fault
    child.stdin?.end(input ?? "");
  });
}

/** Runs a program with this process's own streams and gives its exit code; 128 where a signal ended it. */
export function runAttached(command: readonly string[]): Promise<number> {
  const [file = "", ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: "inherit", env: withSystemPath(process.env) });
    child.on("error", (error) => reject(new Error(`${describe(command)}: ${error.message}`)));
    child.on("close", (code) => resolve(code ?? 128));
  });
}

function withSystemPath(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, PATH: env["PATH"] === undefined ? systemPath : `${env["PATH"]}:${systemPath}` };
}

function describe(command: readonly string[]): string {
  const text = command.join(" ");
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}
