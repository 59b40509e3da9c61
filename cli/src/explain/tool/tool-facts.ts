/** What policy may know of a tool, by its definition as the catalogue or a file has it. Pure. */
import type { Hints, PinState, ToolFacts } from "@outrigger/policy";
import { readMember, readObject } from "@outrigger/webhook/inject";

/** Facts of a definition. Hints that are not given have the values of the specification (MCP schema, ToolAnnotations). */
export function readToolFacts(definition: unknown, pin: PinState): ToolFacts {
  const annotations = readObject(definition, "annotations");
  const read = (name: keyof Hints, fallback: boolean): boolean => {
    const value = readMember(annotations, name);
    return typeof value === "boolean" ? value : fallback;
  };
  const hints = {
    readOnlyHint: read("readOnlyHint", false),
    destructiveHint: read("destructiveHint", true),
    idempotentHint: read("idempotentHint", false),
    openWorldHint: read("openWorldHint", true),
  };
  // Schemas are checked where arguments are, by the sidecar; nothing here reads the digest.
  return { pin, approved: { hints, digest: "" } };
}
