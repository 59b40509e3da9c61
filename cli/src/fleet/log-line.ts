/** Reads what our programs write to stdout: one JSON object per line. */

/** A line of a program's log. Other members depend on the message. */
export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Reads one line; undefined where it is not a JSON object with a message. */
export function readLogLine(text: string): LogLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  // An object that came from JSON has string keys.
  const fields = value as Readonly<Record<string, unknown>>;
  const { msg, level } = fields;
  return typeof msg === "string" ? { msg, level: typeof level === "string" ? level : "info", fields } : undefined;
}

/** The ports of a `listening` line by their names; undefined where the line is another one. */
export function readPorts(line: LogLine): Readonly<Record<string, number>> | undefined {
  if (line.msg !== "listening") return undefined;
  const ports = Object.entries(line.fields).filter(
    (entry): entry is [string, number] => entry[0].endsWith("Port") && typeof entry[1] === "number",
  );
  return Object.fromEntries(ports);
}
