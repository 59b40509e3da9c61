/** Asks the endpoint's own `find_tool`, as a model would. */
import type { ToolClient } from "./clients.ts";

/** One result. */
export interface Match {
  readonly name: string;
  readonly server: string;
  readonly score: number;
}

/** Finds tools by a description, best first. */
export async function findTools(client: ToolClient, description: string, limit = 5): Promise<Match[]> {
  const { structured } = await client.call("find_tool", { description, limit, detail: "short" });
  const tools: unknown = structured["tools"];
  if (!Array.isArray(tools)) return [];
  return tools.map((tool: Readonly<Record<string, unknown>>) => ({
    name: String(tool["name"]),
    server: String(tool["server"]),
    score: Number(tool["score"]),
  }));
}
